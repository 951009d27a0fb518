/// An application "Shop" with sessions in a SQLite file.
module Runa.Session.Packages.Tests.Shop

open System.Threading
open Microsoft.Data.Sqlite
open Runa.Session

let private none = CancellationToken.None

/// Two devices of user-1 (the label of one tries to steer a terminal), one of user-2, and a visitor.
let fill (file: string) : unit =
    use source = SqliteFactory.Instance.CreateDataSource $"Data Source={file};Pooling=False"

    use registry =
        SessionSetup.empty
        |> SessionSetup.application "Shop"
        |> SessionSetup.secrets [ SessionSecret.create () ]
        |> SessionSetup.driverFrom "sql" (fun _ -> SqlDriver.create source)
        |> SessionSetup.session "web" (fun o -> { o with Driver = "sql" })
        |> SessionRegistry.create

    let visits = SessionKey.create<int> "visits"

    let create (step: Session -> Session) =
        (registry |> SessionRegistry.update "web" None (step >> Session.set visits 1) none).Result |> ignore

    create (Session.signIn "user-1" >> Session.withLabel "Laptop")
    create (Session.signIn "user-1" >> Session.withLabel "Phone\u001b[2K\nTablet")
    create (Session.signIn "user-2")
    create id
