namespace Runa.Session

open System
open System.Collections.Generic

/// Blocks of bytes in few arrays, which the garbage collector does not walk, copy or free one by one. Pages with much
/// waste are emptied one at a time, when room is needed. `moved` then tells the owner of a block its new place. Not
/// thread-safe.
[<Sealed>]
type internal MemoryPages(moved: Action<int, int>) =
    // A place is the number of a page, and where the block begins in it.
    static let bits = 13
    static let pageLength = 1 <<< bits

    let pages = List<MemoryPage | null>()
    // The bytes of the pages once more: a read that looks at no page object waits less for memory.
    let mutable contents: byte[][] = Array.zeroCreate 4
    /// Numbers of pages that were dropped.
    let dropped = Stack<int>()
    let mutable spare: MemoryPage | null = null
    let mutable tail = -1
    let mutable held = 0L
    let mutable live = 0L

    let at (number: int) : MemoryPage =
        match pages[number] with
        | null -> invalidOp "This page was dropped."
        | page -> page

    let waste () = held - live

    let add (page: MemoryPage) : int =
        held <- held + int64 page.Length

        let number =
            match dropped.TryPop() with
            | true, number ->
                pages[number] <- page
                number
            | _ ->
                pages.Add page
                pages.Count - 1

        if number = contents.Length then
            Array.Resize(&contents, 2 * number)

        contents[number] <- page.Bytes
        number

    let drop (number: int) =
        let page = at number
        held <- held - int64 page.Length
        pages[number] <- null
        contents[number] <- [||]
        dropped.Push number

        if page.Length = pageLength then
            page.Clear()
            spare <- page

    /// A page that a small store does not waste.
    let make (needed: int) : MemoryPage =
        let length = max needed (int (min (int64 pageLength) (max 1024L live)))

        match spare with
        | null -> MemoryPage length
        | _ when length < pageLength -> MemoryPage length
        | page ->
            spare <- null
            page

    let append (number: int) owner (content: ReadOnlySpan<byte>) : int =
        live <- live + int64 (MemoryPage.Head + content.Length)
        (number <<< bits) ||| (at number).Append(owner, content)

    /// The page with the most waste. -1: none has much.
    let worst () : int =
        let mutable found = -1
        let mutable most = pageLength / 16

        for number in 0 .. pages.Count - 1 do
            match pages[number] with
            | null -> ()
            | page ->
                if number <> tail && page.Waste > most then
                    found <- number
                    most <- page.Waste

        found

    /// Moves the blocks of a page to the tail, which has room for them.
    let empty (number: int) =
        let page = at number
        let mutable start = 0

        while start < page.Used do
            let owner = page.OwnerAt start

            if owner >= 0 then
                let place = append tail owner (Span.op_Implicit (page.ContentAt start))
                live <- live - int64 (page.LengthAt start)
                moved.Invoke(owner, place)

            start <- start + page.LengthAt start

        drop number

    let hasRoom (length: int) = tail >= 0 && (at tail).Rest >= length

    let rec makeRoom (length: int) =
        if not (hasRoom length) then
            let emptied = if waste () > live / 8L + 2L * int64 pageLength then worst () else -1
            let needed = if emptied < 0 then length else max length (at emptied).Live
            tail <- add (make needed)

            if emptied >= 0 then
                empty emptied
                makeRoom length

    let shrink () =
        match worst () with
        | -1 -> ()
        | number ->
            if not (hasRoom (at number).Live) then
                tail <- add (make (at number).Live)

            empty number

    /// The bytes of all pages.
    member _.Held = held

    /// Adds a block, and returns its place. A large one has a page of its own.
    member _.Add(owner: int, content: ReadOnlySpan<byte>) : int =
        let length = MemoryPage.Head + content.Length

        if length > pageLength / 4 then
            append (add (MemoryPage length)) owner content
        else
            makeRoom length
            append tail owner content

    /// The content of a block, until the next one is added or freed.
    member _.Read(place: int) : Span<byte> = MemoryPage.Content(contents[place >>> bits], place &&& (pageLength - 1))

    member _.Free(place: int) =
        let number = place >>> bits
        let page = at number
        let start = place &&& (pageLength - 1)
        live <- live - int64 (page.LengthAt start)
        page.FreeAt start

        if page.Live > 0 then
            if waste () > live + 4L * int64 pageLength then
                shrink ()
        elif number = tail then
            page.Clear()
        else
            drop number
