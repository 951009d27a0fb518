/// Every way of writing a response, behind useSession and behind withSession.
module Runa.Session.TestSupport.Scenarios.BodyWays

open System
open System.IO
open System.Net.Http
open System.Text
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Runa.Session
open Runa.Session.TestSupport.Scenarios.Visits

let hello = Encoding.UTF8.GetBytes "hello"
let file =
    lazy
        (let path = Path.GetTempFileName() in
         File.WriteAllText(path, "hello")
         path)

let advance (context: HttpContext) =
    let writer = context.Response.BodyWriter
    hello.CopyTo(writer.GetMemory hello.Length)
    writer.Advance hello.Length
    writer

/// Every way to begin a response: what it does, the status and body that the client sees.
let ways: (string * (HttpContext -> Task) * int * string) list =
    let status code (context: HttpContext) =
        context.Response.StatusCode <- code
        Task.CompletedTask

    [ "WriteAsync", (fun context -> context.Response.WriteAsync "hello"), 200, "hello"
      "BodyWriter with a flush", (fun context -> task { let! _ = (advance context).FlushAsync() in () }), 200, "hello"
      "BodyWriter without a flush",
      (fun context ->
          advance context |> ignore
          Task.CompletedTask),
      200,
      "hello"
      "BodyWriter by span without a flush",
      (fun context ->
          hello.AsSpan().CopyTo(context.Response.BodyWriter.GetSpan hello.Length)
          context.Response.BodyWriter.Advance hello.Length
          Task.CompletedTask),
      200,
      "hello"
      "BodyWriter.WriteAsync",
      (fun context -> task { let! _ = context.Response.BodyWriter.WriteAsync(ReadOnlyMemory hello) in () }),
      200,
      "hello"
      "BodyWriter completed", (fun context -> (advance context).CompleteAsync().AsTask()), 200, "hello"
      "BodyWriter completed synchronously",
      (fun context ->
          (advance context).Complete()
          Task.CompletedTask),
      200,
      "hello"
      "Body.WriteAsync", (fun context -> context.Response.Body.WriteAsync(hello, 0, 5)), 200, "hello"
      "Body.WriteAsync of memory",
      (fun context -> context.Response.Body.WriteAsync(ReadOnlyMemory hello).AsTask()),
      200,
      "hello"
      "Body.Write",
      (fun context ->
          context.Response.Body.Write(hello, 0, 5)
          Task.CompletedTask),
      200,
      "hello"
      "Body.Write of a span",
      (fun context ->
          context.Response.Body.Write(ReadOnlySpan hello)
          Task.CompletedTask),
      200,
      "hello"
      "Body.WriteByte",
      (fun context ->
          context.Response.Body.WriteByte 104uy
          Task.CompletedTask),
      200,
      "h"
      "Body.BeginWrite",
      (fun context ->
          let body = context.Response.Body
          Task.Factory.FromAsync(body.BeginWrite(hello, 0, 5, null, null), body.EndWrite)),
      200,
      "hello"
      "Body.CopyTo", (fun context -> (new MemoryStream(hello)).CopyToAsync context.Response.Body), 200, "hello"
      "Body.Flush",
      (fun context ->
          context.Response.Body.Flush()
          Task.CompletedTask),
      200,
      ""
      "Body.FlushAsync", (fun context -> context.Response.Body.FlushAsync()), 200, ""
      "SendFileAsync", (fun context -> context.Response.SendFileAsync file.Value), 200, "hello"
      "StartAsync", (fun context -> context.Response.StartAsync()), 200, ""
      "CompleteAsync", (fun context -> context.Response.CompleteAsync()), 200, ""
      "CompleteAsync after buffered bytes",
      (fun context ->
          advance context |> ignore
          context.Response.CompleteAsync()),
      200,
      "hello"
      "an empty redirect",
      (fun context ->
          context.Response.Redirect "/next"
          Task.CompletedTask),
      302,
      ""
      "an empty 204", status 204, 204, ""
      "an empty 304", status 304, 304, ""
      "a stream of pieces",
      (fun context ->
          task {
              for piece in [ "h"; "e"; "llo" ] do
                  do! context.Response.WriteAsync piece
                  do! context.Response.Body.FlushAsync()
          }),
      200,
      "hello" ]

let private forms: (string * (Flavour -> (HttpContext -> Task) -> HttpHandler)) list =
    [ "useSession",
      (fun flavour write -> flavour.Compose (useSession "web") (flavour.Compose (leave "web") (respond write)))
      "withSession", (fun _ write -> withSession "web" (fun session -> add session, respond write)) ]

/// One application for all: /0/useSession is the first way behind useSession.
let handler (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose

    flavour.Choose
        [ for index, (_, write, _, _) in List.indexed ways do
              for form, behind in forms do
                  flavour.Route $"/{index}/{form}" >=> behind flavour write
          flavour.Route "/shown" >=> readSession "web" (shown flavour) ]

let private verbs = [ HttpMethod.Get; HttpMethod.Head ]

let each (check: string -> HttpMethod -> string -> int -> string -> Task<unit>) =
    task {
        for index, (name, _, status, body) in List.indexed ways do
            for form, _ in forms do
                for verb in verbs do
                    let body = if verb = HttpMethod.Head then "" else body
                    do! check $"{name}, {form}, {verb}" verb $"/{index}/{form}" status body
    }
