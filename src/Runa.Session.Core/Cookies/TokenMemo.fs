namespace Runa.Session

open System
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Threading

/// A place for one token. The mark, which is a part of its keyed hash, tells most other tokens from it without a look at
/// the token, which is seldom in the processor's cache.
[<Struct; NoComparison; NoEquality>]
type internal MemoSlot(mark: uint32, token: GenuineToken) =
    // A reader may see one of the two before the other. Then it finds nothing, or another token, which it compares whole.
    member _.Mark = mark
    member _.Token = token
    member slot.IsFreeFor(words: inref<TokenWords>) : bool = isNull token || token.Is &words

/// Remembers tokens that were verified lately, so that requests of one visitor verify the same tag once. Only genuine
/// tokens enter it, so nobody can fill it with forged ones. It knows store keys, never sessions: the store is asked for
/// each request. Bounded: it grows with the visitors, to at most 262,144 tokens (about 27 MB).
[<Sealed>]
type internal TokenMemo() =
    static let ways = 4
    static let fewest = 64
    static let most = 65_536

    // Two secret odd factors, so that nobody can choose tokens that share a set.
    let factors =
        MemoryMarshal.Cast<byte, uint64>(Span(RandomNumberGenerator.GetBytes 16)).ToArray()
        |> Array.map (fun factor -> factor ||| 1UL)

    let mutable sets: MemoSlot[] = Array.zeroCreate (fewest * ways)
    let mutable isGrowing = 0
    // How many tokens were displaced since the memo last grew.
    let mutable displaced = 0
    let mutable turn = 0

    /// The random id of the token starts in the second word at the latest.
    let hashOf (words: inref<TokenWords>) : uint64 = words.W1 * factors[0] + words.W2 * factors[1]

    /// The first place of the token's set. The high bits of the product depend on all bits of the words.
    let placeOf (hash: uint64) (sets: MemoSlot[]) : int =
        let count = sets.Length / ways
        int (((hash >>> 32) * uint64 count) >>> 32) * ways

    let put (token: GenuineToken) (sets: MemoSlot[]) : bool =
        let words = token.Words
        let hash = hashOf &words
        let first = placeOf hash sets
        let mutable way = 0

        while way < ways && not (sets[first + way].IsFreeFor &words) do
            way <- way + 1

        let isKept = way < ways

        if not isKept then
            turn <- turn + 1
            way <- turn &&& (ways - 1)

        sets[first + way] <- MemoSlot(uint32 hash, token)
        isKept

    let grow () =
        let larger: MemoSlot[] = Array.zeroCreate (sets.Length * 4)

        for slot in sets do
            match slot.Token with
            | null -> ()
            | token -> put token larger |> ignore

        displaced <- 0
        Volatile.Write(&sets, larger)

    /// The token of these words. Null: it is not known.
    member _.TryFind(words: inref<TokenWords>) : GenuineToken =
        let sets = Volatile.Read &sets
        let hash = hashOf &words
        let first = placeOf hash sets
        let mutable found: GenuineToken = null
        let mutable way = 0

        while way < ways do
            let slot = &sets[first + way]

            // Read once: another thread may put another visitor's token here meanwhile.
            let token = if slot.Mark = uint32 hash then slot.Token else null

            if not (isNull token) && token.Is &words then
                found <- token
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
    member _.Count = sets |> Array.sumBy (fun slot -> if isNull slot.Token then 0 else 1)

    /// The most tokens that it can know now.
    member _.Capacity = sets.Length
