namespace Runa.Session

open System
open System.Buffers.Text
open System.Security.Cryptography
open System.Text
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging

/// Writes events to a log of their own. The owner is a keyed hash, unless the application wants it in clear: the same owner
/// has the same hash as long as the application's first secret is the same, and without the secret nobody can find out whose
/// it is.
[<Sealed>]
type internal AuditLog(loggers: ILoggerFactory, secret: string, showsOwners: bool) =
    static let text = "{Event}: session {Session}, driver {Driver}, owner {Owner}, handle {Handle}, count {Count}"

    static let usual =
        LoggerMessage.Define<string, string | null, string, string | null, string | null, int>(
            LogLevel.Information,
            EventId(1, "Audit"),
            text
        )

    static let suspicious =
        LoggerMessage.Define<string, string | null, string, string | null, string | null, int>(
            LogLevel.Warning,
            EventId(2, "AuditWarning"),
            text
        )

    let log = loggers.CreateLogger "Runa.Session.Audit"

    let key =
        let bytes: byte[] = Encoding.UTF8.GetBytes secret
        HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, 32, [||], Encoding.UTF8.GetBytes "Runa.Session audit v1")

    let shown (owner: string | null) : string | null =
        match owner with
        | null -> null
        | owner when showsOwners -> owner
        | owner ->
            let hash = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes owner)
            Base64Url.EncodeToString(ReadOnlySpan(hash, 0, 12))

    let isSuspicious (kind: SessionEventKind) : bool =
        match kind with
        | SessionEventKind.SignInRefused
        | SessionEventKind.Evicted
        | SessionEventKind.ConflictGivenUp
        | SessionEventKind.TheftSuspected
        | SessionEventKind.ForgedToken
        | SessionEventKind.Undecodable
        | SessionEventKind.Unreadable -> true
        | _ -> false

    member _.Write (event: SessionEvent) (_: CancellationToken) : ValueTask =
        let write = if isSuspicious event.Kind then suspicious else usual
        write.Invoke(
            log,
            string event.Kind,
            event.Session,
            event.Driver,
            shown event.Owner,
            event.Handle,
            event.Count,
            null
        )
        ValueTask()
