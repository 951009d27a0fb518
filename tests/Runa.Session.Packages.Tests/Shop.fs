/// An application "Shop" with sessions in a SQLite file.
module Runa.Session.Packages.Tests.Shop

open System.Threading
open Microsoft.Data.Sqlite
open Runa.Session

let private none = CancellationToken.None

/// Runs the work on the session of this name.
let private on (name: string) (file: string) (work: ((Session -> Session) -> unit) -> unit) : unit =
    use source = SqliteFactory.Instance.CreateDataSource $"Data Source={file};Pooling=False"

    use registry =
        SessionSetup.empty
        |> SessionSetup.application "Shop"
        |> SessionSetup.secrets [ SessionSecret.create () ]
        |> SessionSetup.driverFrom "sql" (fun _ -> SqlDriver.create source)
        |> SessionSetup.session name (fun o -> { o with Driver = "sql" })
        |> SessionRegistry.create

    let visits = SessionKey.create<int> "visits"

    work (fun step ->
        (registry |> SessionRegistry.update name None (step >> Session.set visits 1) none).GetAwaiter().GetResult()
        |> ignore)

/// Two devices of user-1 (the label of one tries to steer a terminal), one of user-2, and a visitor.
let fill (file: string) : unit =
    on "web" file (fun create ->
        create (Session.signIn "user-1" >> Session.withLabel "Laptop")
        create (Session.signIn "user-1" >> Session.withLabel "Phone\u001b[2K\nTablet")
        create (Session.signIn "user-2")
        create id)

/// A device of user-1 in another session.
let add (name: string) (file: string) : unit = on name file (fun create -> create (Session.signIn "user-1"))
