/// Starts the application of SessionApp as a process, and asks it.
module internal Runa.Session.Tests.AppProcesses

open System
open System.Diagnostics
open System.Net.Http
open System.Reflection
open System.Threading.Tasks

/// What came back.
type Answer =
    {
        Status: int
        Text: string
        /// The Cookie header that a browser sends from then on, where the answer set a cookie.
        Cookie: string option
    }

[<Sealed>]
type AppProcess private (instance: Process, client: HttpClient) =
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
                | address ->
                    let client = new HttpClient(new SocketsHttpHandler(UseCookies = false), BaseAddress = Uri address)

                    return new AppProcess(instance, client)
        }

    member _.Get(path: string, cookie: string option) : Task<Answer> =
        task {
            use request = new HttpRequestMessage(HttpMethod.Get, path)
            cookie |> Option.iter (fun cookie -> request.Headers.Add("Cookie", cookie))
            use! response = client.SendAsync request
            let! text = response.Content.ReadAsStringAsync()

            let set =
                [ for header in response.Headers do
                      if header.Key = "Set-Cookie" then
                          yield! header.Value ]
                |> List.tryLast
                |> Option.map (fun text -> text.Substring(0, text.IndexOf ';'))

            return { Status = int response.StatusCode; Text = text; Cookie = set }
        }

    interface IDisposable with
        member _.Dispose() =
            client.Dispose()
            instance.StandardInput.Close()

            if not (instance.WaitForExit(TimeSpan.FromSeconds 5.)) then
                instance.Kill()

            instance.Dispose()
