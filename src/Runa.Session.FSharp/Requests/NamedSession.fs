namespace Runa.Session

open System
open System.Collections.Concurrent
open Microsoft.Extensions.Logging

/// Hints are given once.
[<Sealed>]
type internal Hints() =
    let given = ConcurrentDictionary<string, bool>()
    member _.TryGive(hint: string) = given.TryAdd(hint, true)

/// A registered session with all it needs at run time.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal NamedSession =
    {
        Name: string
        Settings: SessionSettings
        Driver: SessionDriver
        /// Application and session name, as records carry it.
        Scope: string
        Token: SessionToken
        Cookie: SetCookie
        /// Where the session lives in its cookie: what seals it.
        Seal: SealedCookie voption
        Clock: TimeProvider
        Log: ILogger
        /// How long one call to the driver may take.
        StoreTimeout: TimeSpan
        Queues: CommitQueues
        Hints: Hints
        /// Gives hints that a developer needs and an operator does not.
        IsDevelopment: bool
    }

    member session.Now = session.Clock.GetUtcNow()
