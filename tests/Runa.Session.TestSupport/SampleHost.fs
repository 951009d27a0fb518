/// Samples as their programs build them, on Kestrel.
module Runa.Session.TestSupport.SampleHost

open System.Threading.Tasks
open Microsoft.Extensions.Hosting

/// Runs a sample's program while a test visits it with as many browsers as it needs.
let visitingSample (build: string[] -> IHost) (visit: (unit -> Browser) -> Task<unit>) : Task<unit> =
    task {
        let host =
            build
                [| "--urls=http://127.0.0.1:0"
                   $"--app:secret={secret}"
                   "--Logging:LogLevel:Default=None"
                   "--Logging:LogLevel:Microsoft.AspNetCore=None" |]

        use! app = App.Start(host, clock (), new Logs())
        do! visit app.NewBrowser
        do! host.StopAsync()
    }
