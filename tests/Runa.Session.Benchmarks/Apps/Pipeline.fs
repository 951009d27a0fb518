namespace Runa.Session.Benchmarks

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Primitives

/// An application in process without a network: what is measured is the pipeline alone. The context is made and thrown
/// away for each request, as hosts do; the server's own features are kept, as on one connection. The visitors with these
/// cookies take turns; without any, each request is a newcomer's.
type Pipeline(services: ServiceProvider, run: RequestDelegate, visitors: string[]) =
    let factory = services.GetRequiredService<IHttpContextFactory>()
    let response = ServerResponse()
    let request = HttpRequestFeature(Method = "GET", Path = "/", Protocol = "HTTP/1.1", Scheme = "https")
    let server = ServerFeatures(request, response, ServerBody response)
    let mutable next = 0

    do
        if visitors.Length = 1 then
            request.Headers.Cookie <- visitors[0]

    /// The same application, asked by these visitors.
    member _.AskedBy(visitors: string[]) = new Pipeline(services, run, visitors)

    member _.Request() : Task =
        task {
            if visitors.Length > 1 then
                request.Headers.Cookie <- StringValues visitors[next]
                next <- if next + 1 = visitors.Length then 0 else next + 1

            response.Reset()
            server.Reset()
            let context = factory.Create server

            try
                do! run.Invoke context
                do! response.Start()
            finally
                factory.Dispose context
        }

    /// Makes the session of a newcomer. Returns its cookies.
    member pipeline.Newcomer() : string =
        pipeline.Request().GetAwaiter().GetResult()
        let set = (response :> IHttpResponseFeature).Headers.SetCookie
        String.Join("; ", set |> Seq.map (fun line -> line.Split(';')[0]))

    /// Makes so many sessions, on all processors. Returns the cookies of at most so many visitors, spread over them all.
    member _.Newcomers(count: int, most: int) : string[] =
        let each = max 1 (count / most)
        let parts = min count Environment.ProcessorCount

        Array.Parallel.init parts (fun part ->
            let pipeline = new Pipeline(services, run, [||])

            [| for visitor in part..parts .. count - 1 do
                   let cookies = pipeline.Newcomer()
                   if visitor / parts % each = 0 then
                       cookies |])
        |> Array.concat

    /// The same application, asked by one visitor whose session was just made.
    member pipeline.AskedByOne() = pipeline.AskedBy [| pipeline.Newcomer() |]

    interface IDisposable with
        member _.Dispose() = services.Dispose()
