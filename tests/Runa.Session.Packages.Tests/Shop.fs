/// An application "Shop" with sessions in a SQLite file.
module Runa.Session.Packages.Tests.Shop

open System
open System.Threading
open Microsoft.Data.Sqlite
open Runa.Session

let private none = CancellationToken.None

/// Runs the work on a registry whose session of this name is in the file.
let private using (secret: string) (name: string) (file: string) (work: SessionRegistry -> 'T) : 'T =
    use source = SqliteFactory.Instance.CreateDataSource $"Data Source={file};Pooling=False"

    use registry =
        SessionSetup.empty
        |> SessionSetup.application "Shop"
        |> SessionSetup.secrets [ secret ]
        |> SessionSetup.driverFrom "sql" (fun _ -> SqlDriver.create source)
        |> SessionSetup.session name (fun o -> { o with Driver = "sql" })
        |> SessionRegistry.create

    work registry

/// Runs the work on the session of this name.
let private on (name: string) (file: string) (work: ((Session -> Session) -> unit) -> unit) : unit =
    let visits = SessionKey.create<int> "visits"

    using (SessionSecret.create ()) name file (fun registry ->
        work (fun step ->
            (registry |> SessionRegistry.update name None (step >> Session.set visits 1) none)
                .GetAwaiter()
                .GetResult()
            |> ignore))

/// Two devices of user-1 (the label of one tries to steer a terminal), one of user-2, and a visitor.
let fill (file: string) : unit =
    on "web" file (fun create ->
        create (
            Session.signIn "user-1"
            >> Session.withLabel "Laptop"
            >> Session.withClient (Some "192.0.2.7") (Some "Fox\u001b[2K")
        )

        create (Session.signIn "user-1" >> Session.withLabel "Phone\u001b[2K\nTablet")
        create (Session.signIn "user-2")
        create id)

/// The record of a device to which a session is bound, as the store holds it beside the sessions.
let addDeviceRecord (file: string) : unit =
    use source = SqliteFactory.Instance.CreateDataSource $"Data Source={file};Pooling=False"
    let now = DateTimeOffset.UtcNow

    let record: SessionRecord =
        { Version = RecordVersion.RecordVersion 1L
          Scope = "Shop/web device"
          State =
            { Values = Map.empty
              Flashes = []
              Owner = Some "user-2"
              Claims = Map.empty
              Label = None
              Client = None
              Rotation = None
              Device = None
              CreatedAt = now
              SignedInAt = None
              LastSeenAt = now
              ExpiresAt = now.AddHours 1. }
          IdleExpiresAt = ValueNone
          Kind = RecordKind.Live }

    let key = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 7uy))
    let isNew = ((SqlDriver.create source).Create key record none).AsTask().GetAwaiter().GetResult()

    if not isNew then
        failwith "it was there"

/// A device of user-1 in another session.
let add (name: string) (file: string) : unit = on name file (fun create -> create (Session.signIn "user-1"))

/// This many devices of user-9.
let addMany (count: int) (file: string) : unit =
    on "web" file (fun create ->
        for number in 1..count do
            create (Session.signIn "user-9" >> Session.withLabel $"Device {number}"))

/// The session that the application finds by this Cookie header, if its secret is this one.
let load (secret: string) (cookie: string) (file: string) : Session =
    using secret "web" file (fun registry ->
        (registry |> SessionRegistry.load "web" (Some cookie) none).GetAwaiter().GetResult())
