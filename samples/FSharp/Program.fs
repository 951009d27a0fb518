module Sample.Program

open Giraffe.ViewEngine
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open System

let page =
    html [] [ head [] [ title [] [ str "Runa.Session" ] ]; body [] [ h1 [] [ str "Runa.Session" ] ] ]

let home () = Results.Content(RenderView.AsString.htmlDocument page, "text/html; charset=utf-8")

[<EntryPoint>]
let main args =
    let app = WebApplication.CreateBuilder(args).Build()
    app.MapGet("/", Func<IResult>(home)) |> ignore
    app.Run()
    0
