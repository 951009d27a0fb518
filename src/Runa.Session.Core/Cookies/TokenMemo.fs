namespace Runa.Session

open System
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Threading

/// Remembers tokens that were verified lately, so that requests of one visitor verify the same tag once. Only genuine
/// tokens enter it, so nobody can fill it with forged ones. It knows store keys, never sessions: the store is asked for
/// each request. Bounded: it grows with the visitors, to at most 262,144 tokens (about 25 MB).
[<Sealed>]
type internal TokenMemo() =
    static let ways = 4
    static let fewest = 64
    static let most = 65_536

    // Two secret odd factors, so that nobody can choose tokens that share a set.
    let factors =
        MemoryMarshal.Cast<byte, uint64>(Span(RandomNumberGenerator.GetBytes 16)).ToArray()
        |> Array.map (fun factor -> factor ||| 1UL)

    let mutable sets: GenuineToken[] = Array.zeroCreate (fewest * ways)
    let mutable isGrowing = 0
    // How many tokens were displaced since the memo last grew.
    let mutable displaced = 0
    let mutable turn = 0

    /// The first place of the token's set. The random id of the token starts in the second word at the latest.
    let placeOf (words: inref<TokenWords>) (sets: GenuineToken[]) : int =
        let hash = words.W1 * factors[0] + words.W2 * factors[1]
        let count = sets.Length / ways
        // The high bits of the product depend on all bits of the words.
        int (((hash >>> 32) * uint64 count) >>> 32) * ways

    let put (known: GenuineToken) (sets: GenuineToken[]) : bool =
        let words = known.Words
        let first = placeOf &words sets
        let mutable way = 0

        while way < ways && not (isNull sets[first + way]) && not (sets[first + way].Is &words) do
            way <- way + 1

        if way < ways then
            sets[first + way] <- known
            true
        else
            turn <- turn + 1
            sets[first + (turn &&& (ways - 1))] <- known
            false

    let grow () =
        let larger: GenuineToken[] = Array.zeroCreate (sets.Length * 4)

        for known in sets do
            if not (isNull known) then
                put known larger |> ignore

        displaced <- 0
        Volatile.Write(&sets, larger)

    /// The token of these words. Null: it is not known.
    member _.TryFind(words: inref<TokenWords>) : GenuineToken =
        let sets = Volatile.Read &sets
        let first = placeOf &words sets
        let mutable found: GenuineToken = null
        let mutable way = 0

        while way < ways do
            let known = sets[first + way]

            if not (isNull known) && known.Is &words then
                found <- known
                way <- ways
            else
                way <- way + 1

        found

    /// Remembers a token that was just verified. Requests that add at the same time may displace each other's token,
    /// which is then verified once more.
    member _.Add(token: GenuineToken) : unit =
        let now = Volatile.Read &sets

        if not (put token now) then
            displaced <- displaced + 1

            if displaced > now.Length / 16 && now.Length < most * ways && Interlocked.Exchange(&isGrowing, 1) = 0 then
                try
                    grow ()
                finally
                    Volatile.Write(&isGrowing, 0)

    /// How many tokens it knows. For tests.
    member _.Count = sets |> Array.sumBy (fun known -> if isNull known then 0 else 1)

    /// The most tokens that it can know now.
    member _.Capacity = sets.Length
