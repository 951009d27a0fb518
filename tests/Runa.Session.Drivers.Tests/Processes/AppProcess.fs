/// Starts the application of SessionApp as a process, and asks it.
module internal Runa.Session.Tests.AppProcesses

open System
open System.Diagnostics
open System.Net.Http
open System.Reflection
open System.Threading.Tasks
open Runa.Session.TestSupport

[<Sealed>]
type AppProcess private (instance: Process, client: HttpMessageInvoker) =
    /// `kind` and `connection` name the store.
    static member Start(kind: string, connection: string) : Task<AppProcess> =
        task {
            let start = ProcessStartInfo("dotnet", RedirectStandardInput = true, RedirectStandardOutput = true)

            for argument in [ "exec"; Assembly.GetExecutingAssembly().Location; "--serve"; kind; connection ] do
                start.ArgumentList.Add argument

            start.Environment["RUNA_SECRET"] <- "a secret of two processes: 5Tb?kR8v+Yj2q~6nHw9Z"
            start.Environment["DOTNET_ENVIRONMENT"] <- "Production"

            match Process.Start start with
            | null -> return failwith "dotnet was not started."
            | instance ->
                match! instance.StandardOutput.ReadLineAsync() with
                | null -> return failwith $"The application ended with exit code {instance.ExitCode}."
                | address -> return new AppProcess(instance, Client.over (Uri address))
        }

    /// With no cookie.
    member _.NewBrowser() = Browser client

    /// The same browser here: with the cookies that it has now.
    member _.With(browser: Browser) : Browser = browser.At client

    interface IDisposable with
        member _.Dispose() =
            client.Dispose()
            instance.StandardInput.Close()

            if not (instance.WaitForExit(TimeSpan.FromSeconds 5.)) then
                instance.Kill()

            instance.Dispose()
