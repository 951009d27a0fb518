namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Text.Json
open Microsoft.Extensions.Logging
open Runa.Session.Hosting

/// Remembers which hints were given, so that each is given once in the life of a process.
[<Sealed>]
type internal Hints() =
    let given = ConcurrentDictionary<string, bool>()
    member _.TryGive(hint: string) = given.TryAdd(hint, true)
    member _.WasGiven(hint: string) = given.ContainsKey hint

/// A registered session: its name, its settings, and everything that its requests need.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SessionDefinition =
    {
        Name: string
        Settings: SessionSettings
        Driver: SessionDriver
        /// Application and session name, as records store it.
        Scope: string
        Token: SessionToken
        Cookie: SetCookie
        /// Seals a session that lives in its cookie. ValueNone: it lives in a store.
        Seal: SealedCookie voption
        /// ValueNone: sessions are not bound to devices.
        Devices: Devices voption
        Clock: TimeProvider
        Log: ILogger
        Telemetry: SessionTelemetry
        Events: SessionEvents
        /// The JSON options of the application, with a resolver and read-only. Null: it has none.
        Json: JsonSerializerOptions | null
        /// How long one call to the driver may take.
        StoreTimeout: TimeSpan
        Limits: CallLimits
        Queues: CommitQueues
        /// Sign-ins of one owner, whose number is limited, come one after another.
        SignIns: SignInTurns
        Thefts: ToldThefts
        Hints: Hints
        /// Whether to log hints that help developers only.
        IsDevelopment: bool
    }

    member definition.Now = definition.Clock.GetUtcNow()
