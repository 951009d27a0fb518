// The sessions of a web application, "Shop", seen from its deployment: dotnet fsi build.fsx -t Target [owner]
//
// The environment names the database (SHOP_DATABASE, a SQLite file; default shop.db) and the secret (RUNA_SECRET).
#r "nuget: System.Reactive, 5.0.0"
#r "nuget: Fake.Core.Target, 5.20.3"
#r "nuget: Microsoft.Data.Sqlite, 10.0.0"
#r "nuget: Runa.Session.Core, 0.1.0"

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open Fake.Core
open Fake.Core.TargetOperators
open Microsoft.Data.Sqlite
open Microsoft.Extensions.Configuration
open Runa.Session

Context.FakeExecutionContext.Create false "build.fsx" []
|> Context.RuntimeContext.Fake
|> Context.setExecutionContext

// fsi takes the script's name; what is left is ours.
let target, arguments =
    match List.tail (Array.toList fsi.CommandLineArgs) with
    | ("-t" | "--target") :: target :: arguments -> target, arguments
    | arguments -> "Deploy", arguments

let owner () =
    match arguments with
    | [ owner ] -> owner
    | _ -> failwith $"The target {target} needs one owner: dotnet fsi build.fsx -t {target} user-1"

// ---- The application's sessions

let settings = Path.Combine(__SOURCE_DIRECTORY__, "session.toml")

/// A missing file is an error, except for the target that creates it.
let database (mode: SqliteOpenMode) =
    let file =
        Environment.GetEnvironmentVariable "SHOP_DATABASE" |> Option.ofObj |> Option.defaultValue "shop.db"
    SqliteFactory.Instance.CreateDataSource $"Data Source={file};Mode={mode}"

/// Opens the store for the work, and closes it afterwards.
let withSessions (work: SessionRegistry -> Task<'T>) : 'T =
    use source = database SqliteOpenMode.ReadWrite

    use registry =
        SessionSetup.empty
        |> SessionSetup.application "Shop" // the application's own name
        |> SessionSetup.configuration (ConfigurationBuilder().AddSessionToml(settings).Build())
        |> SessionSetup.driverFrom "sql" (fun _ -> SqlDriver.create source)
        |> SessionRegistry.create

    (work registry).GetAwaiter().GetResult()

let none = CancellationToken.None

/// An empty store is right after the first deployment, and no reason to fail. But it may also mean a wrong name.
let countSessions (registry: SessionRegistry) =
    task {
        let! count = registry |> SessionRegistry.count "web" none

        if count.Sessions = 0L then
            eprintfn "The application \"Shop\" has no sessions in this database: is the name right, and the database?"

        return count
    }

/// Work on the sessions of the owner that the command line names.
let withOwner (work: string -> SessionRegistry -> Task<unit>) : unit =
    let owner = owner ()

    withSessions (fun registry ->
        task {
            let! _ = countSessions registry
            do! work owner registry
        })

// ---- Targets

Target.description "Print a new secret, for RUNA_SECRET"
Target.create "Secret" (fun _ -> printfn $"{SessionSecret.create ()}")

Target.description "Check session.toml"

Target.create "Check" (fun _ ->
    // The application registers no session beside web, admin and api.
    match settings |> SessionFile.mistakesFor [] with
    | [] -> printfn "session.toml is right."
    | mistakes -> failwith (String.concat "\n" mistakes))

Target.description "Create the table of the sessions where it is missing"

Target.create "Schema" (fun _ ->
    use source = database SqliteOpenMode.ReadWriteCreate
    (SqlDriver.ensureSchema SqlDriver.defaults source).GetAwaiter().GetResult()
    printfn "The table of the sessions is there.")

Target.description "What a deployment does (the default)"
Target.create "Deploy" (fun _ -> printfn "Ready to deploy.")

Target.description "Count the sessions"

Target.create "Count" (fun _ ->
    let count = withSessions countSessions
    printfn $"{count.Sessions} sessions, {count.SignedIn} of them signed in.")

Target.description "List the devices of an owner"

Target.create "Devices" (fun _ ->
    withOwner (fun owner registry ->
        task {
            let! devices = registry |> SessionRegistry.forOwner "web" owner none
            printfn $"{devices.Length} sessions of {owner}."

            for device in devices do
                let label = defaultArg device.Label "a device"
                printfn $"""{label}, last seen {device.LastSeenAt.ToString "u"}"""
        }))

Target.description "End the sessions of an owner everywhere"

Target.create "Logout" (fun _ ->
    withOwner (fun owner registry ->
        task {
            let! ended = registry |> SessionRegistry.revokeOwner "web" owner none
            printfn $"{ended} sessions of {owner} were ended."
        }))

Target.description "Delete expired sessions now"

Target.create "Purge" (fun _ ->
    let purged = withSessions (SessionRegistry.purgeExpired none)
    printfn $"{purged} expired sessions were deleted.")

"Check" ==> "Schema" ==> "Deploy"

if target = "--list" then
    Target.listAvailable ()
else
    try
        Target.run 1 target []
    with error ->
        // FAKE has told what failed; the exit code tells the caller.
        eprintfn $"{error.GetBaseException().Message}"
        exit 1
