/// A list of wishes: a controller behind useSession "web" (see Site.fs).
module Sample.Wishes

open Giraffe
open Giraffe.ViewEngine
open Microsoft.AspNetCore.Http
open Runa.Session
open Sample.Layout
open Saturn

let wishes = SessionKey.create<string list> "wishes"

let private view (session: Session) : Page =
    let wished = Session.getOr wishes [] session

    {
        Title = "Wishes"
        Body =
            fun antiforgery -> [
                match wished with
                | [] -> p [ _class "empty" ] [ str "No wishes yet." ]
                | wished ->
                    ul [ _class "rows card" ] [
                        for number, wish in List.indexed wished do
                            li [] [
                                span [] [ str wish ]
                                postButton
                                    antiforgery
                                    $"/wishes/{number}"
                                    [ "wish", wish ]
                                    [ _class "quiet"; attr "aria-label" $"Forget {wish}" ]
                                    "Forget"
                            ]
                    ]
                form [ _method "post"; _action "/wishes"; _class "inline" ] [
                    antiforgery
                    div [] [
                        label [ _for "wish" ] [ str "New wish" ]
                        input [ _id "wish"; _name "wish"; _maxlength "100"; attr "autocomplete" "off"; _required ]
                    ]
                    button [ _type "submit" ] [ str "Wish" ]
                ]
            ]
    }

/// Sets a changed session, which is committed before the first byte of the response.
let private change (ctx: HttpContext) (step: Session -> Session) =
    ctx.GetSession "web" |> step |> ctx.SetSession
    Controller.redirect ctx "/wishes"

let private written (ctx: HttpContext) = ctx.GetFormValue "wish" |> Option.map _.Trim() |> Option.filter ((<>) "")

/// By number and text: the list may have changed since the page was shown.
let private without (number: int) (wish: string option) (wished: string list) =
    List.indexed wished
    |> List.filter (fun (at, text) -> at <> number || Some text <> wish)
    |> List.map snd

let controller =
    controller {
        index (withSession "web" (Handlers.page view) earlyReturn)

        create (fun ctx ->
            match written ctx with
            | Some wish -> change ctx (Session.update wishes [] (fun all -> all @ [ wish ]))
            | None -> Controller.redirect ctx "/wishes")

        update (fun ctx (number: int) -> change ctx (Session.update wishes [] (without number (written ctx))))
    }
