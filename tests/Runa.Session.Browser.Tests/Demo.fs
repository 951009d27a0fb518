/// The demo in F# and in C#: the same pages, with a few words of their own.
namespace Runa.Session.Browser.Tests

open System
open System.Collections.Concurrent
open System.Threading.Tasks
open Runa.Session.TestSupport

type Demo =
    {
        /// The folder of samples.
        Folder: string
        Assembly: string
        /// The page that lists where one is signed in.
        Devices: string
        /// What is shown once after ada signed in.
        Welcome: string
        /// Two products, as their names begin.
        Products: string * string
        /// Paths of all pages that somebody who is signed in may open.
        Pages: string list
    }

[<RequireQualifiedAccess>]
module Demo =
    let fsharp =
        { Folder = "FSharp"
          Assembly = "Sample"
          Devices = "/devices"
          Welcome = "Welcome, Ada Lovelace."
          Products = "Tea", "Mug"
          Pages = [ "/"; "/login"; "/cart"; "/devices"; "/admin"; "/values"; "/_sessions" ] }

    let csharp =
        { Folder = "CSharp"
          Assembly = "Sample.CSharp"
          Devices = "/account"
          Welcome = "Welcome!"
          Products = "Tea", "Coffee"
          Pages = [ "/"; "/login"; "/cart"; "/account"; "/admin"; "/_sessions" ] }

    let private running = ConcurrentDictionary<string * (string * string) list, Lazy<Task<WebProcess>>>()

    /// The demo as a process with these settings in its environment; one process for all who ask for the same.
    let start (settings: (string * string) list) (demo: Demo) : Task<WebProcess> =
        let start = fun _ -> lazy Sample.start demo.Folder demo.Assembly settings
        running.GetOrAdd((demo.Folder, settings), start).Value

    /// Ends the processes.
    let stopAll () =
        for one in running.Values do
            if one.IsValueCreated && one.Value.IsCompletedSuccessfully then
                (one.Value.Result :> IDisposable).Dispose()
