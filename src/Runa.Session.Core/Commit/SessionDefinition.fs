namespace Runa.Session

open System
open System.Collections.Concurrent
open Microsoft.Extensions.Logging

/// Hints that are given once in the life of a process.
[<Sealed>]
type internal Hints() =
    let given = ConcurrentDictionary<string, bool>()
    member _.TryGive(hint: string) = given.TryAdd(hint, true)

/// A registered session: its name and settings, and all that its requests need.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SessionDefinition =
    {
        Name: string
        Settings: SessionSettings
        Driver: SessionDriver
        /// Application and session name, as records carry it.
        Scope: string
        Token: SessionToken
        Cookie: SetCookie
        /// Seals the session where it lives in its cookie; ValueNone where it lives in a store.
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

    member definition.Now = definition.Clock.GetUtcNow()
