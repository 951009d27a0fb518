namespace Runa.Session

open System.Collections.Concurrent

/// The thefts that this process has told of sessions that go on (on_theft = ignore), so that a token that is shown again and
/// again is told once.
[<Sealed>]
type internal ToldThefts() =
    // Only tokens that were given out come here, so this many are reached by a running attack only.
    static let most = 10_000

    let told = ConcurrentDictionary<struct (StoreKey * int), bool>()

    /// Whether nobody was told of this session's token of this generation.
    member _.IsNew(key: StoreKey, generation: int) : bool =
        if told.Count >= most then
            told.Clear()

        told.TryAdd(struct (key, generation), true)
