// Native AOT: publishes samples/CSharpAot, which compiles the libraries ahead of time, and visits what came out.
#load "Commands.fsx"

open System
open System.Diagnostics
open System.Net.Http
open System.Runtime.InteropServices
open System.Text.RegularExpressions
open Fake.Core
open Fake.IO
open Commands

let private sample = "samples/CSharpAot"
let private published = at "artifacts/aot"

/// What a machine lacks that cannot compile ahead of time: the compiler's package, or a linker.
let private lacks (output: string) : string option =
    if Regex.IsMatch(output, @"error NU1(101|102|103|301):") then
        Some "no package source has the compiler, or none can be reached"
    elif output.Contains("Platform linker ('", StringComparison.Ordinal) then
        Some "there is no linker: install clang or gcc, and zlib"
    else
        None

/// Warnings about the libraries' own code. FSharp.Core's are not ours.
let private warnings (output: string) : string list =
    [ for m in Regex.Matches(output, @"(?:warning|error) (IL\d+): (Runa\.|<StartupCode\$Runa-)[^\r\n]*") -> m.Value ]
    |> List.distinct

let private publish () : string option =
    Shell.deleteDir published

    let result =
        dotnetIn
            root
            [ "publish"
              sample
              "-c"
              "Release"
              "-r"
              RuntimeInformation.RuntimeIdentifier
              "-p:PublishAot=true"
              "-o"
              published
              "-v"
              "quiet" ]
        |> CreateProcess.redirectOutput
        |> Proc.run

    let output = result.Result.Output + result.Result.Error

    match lacks output, warnings output with
    | Some why, _ -> Some why
    | None, _ when result.ExitCode <> 0 -> failwith $"The publish of {sample} failed:\n{output}"
    | None, [] -> None
    | None, found ->
        let lines = String.Join("\n", found)
        failwith $"Trimming and AOT warn of the libraries' own code:\n{lines}"

/// Answers as a browser gets them, with its cookie.
type private Visitor(address: string) =
    // Browsers send a Secure cookie to localhost over http, but this client does not.
    let client =
        new HttpClient(new HttpClientHandler(UseCookies = false, AllowAutoRedirect = false), BaseAddress = Uri address)

    let mutable cookie = ""

    member _.Send(verb: HttpMethod, path: string) : string =
        use request = new HttpRequestMessage(verb, path)

        if cookie <> "" then
            request.Headers.Add("Cookie", cookie)

        use response = client.Send request

        match response.Headers.TryGetValues "Set-Cookie" with
        | true, values -> cookie <- (Seq.last values).Split(';')[0]
        | _ -> ()

        use reader = new IO.StreamReader(response.Content.ReadAsStream())
        $"{int response.StatusCode} {reader.ReadToEnd()}".Trim()

/// Starts the program; what it logs says where it listens.
let private start () : Process * string =
    let start =
        ProcessStartInfo(IO.Path.Combine(published, "Sample.CSharpAot"), RedirectStandardOutput = true)
    start.Environment["ASPNETCORE_URLS"] <- "http://127.0.0.1:0"
    start.Environment["ASPNETCORE_ENVIRONMENT"] <- "Development"
    let running = Process.Start start

    let rec address () =
        match running.StandardOutput.ReadLine() with
        | null -> failwith $"The published {sample} ended with exit code {running.ExitCode}."
        | line ->
            let m = Regex.Match(line, @"Now listening on: (\S+)")
            if m.Success then m.Groups[1].Value else address ()

    running, address ()

let private expect (what: string) (wanted: string) (found: string) =
    if found <> wanted then
        failwith $"{what}: expected \"{wanted}\", found \"{found}\"."

let private visit (address: string) =
    let visitor = Visitor address
    let get path = visitor.Send(HttpMethod.Get, path)
    let post path = visitor.Send(HttpMethod.Post, path)
    expect "the first visit" "200 You have been here 1 times." (get "/")
    expect "the second visit" "200 You have been here 2 times." (get "/")
    expect "a value of a type of its own" "200 {\"skus\":[\"tea\"]}" (post "/cart/tea")
    expect "the same, changed" "200 {\"skus\":[\"tea\",\"cup\"]}" (post "/cart/cup")
    expect "a stranger" "401" (get "/account")
    expect "the sign-in" "302" (post "/login")
    expect "the flash" "200 You have been here 3 times. Welcome!" (get "/")
    expect "the user" "200 user-1 True" (get "/account")
    expect "the devices" "200 1" (get "/devices")
    expect "the sign-out" "200" (post "/logout")
    expect "afterwards" "200 You have been here 1 times." (get "/")

/// Answers why it cannot be done here. Raises if it can, and something is wrong.
let testAot () : string option =
    match publish () with
    | Some why -> Some why
    | None ->
        let running, address = start ()

        try
            visit address
        finally
            running.Kill()
            running.Dispose()

        None
