/// The page where a visitor chooses where an order goes.
module Sample.DeliveryPage

open Giraffe
open Giraffe.ViewEngine
open Runa.Session
open Sample.Layout
open Sample.Model
open Sample.Shipping

let private summary (chosen: Delivery) =
    match chosen with
    | Delivery.Pickup -> "You pick it up at the shop."
    | Delivery.Post { Street = street; Town = town; Doorbell = Some name } -> $"To {street}, {town}; ring at {name}."
    | Delivery.Post address -> $"To {address.Street}, {address.Town}."

let private field (id: string) (caption: string) (value: string) attributes =
    div [] [
        label [ _for id ] [ str caption ]
        input ([ _id id; _name id; _value value; _maxlength "100" ] @ attributes)
    ]

let private view (session: Session) : Page =
    let chosen = Session.getOr delivery Delivery.Pickup session

    let address =
        match chosen with
        | Delivery.Post address -> address
        | Delivery.Pickup -> { Street = ""; Town = ""; Doorbell = None }

    {
        Title = "Delivery"
        Body =
            fun antiforgery -> [
                p [ _class "lead"; _id "chosen" ] [ str (summary chosen) ]
                form [ _method "post"; _action "/delivery"; _class "card stack" ] [
                    antiforgery
                    field "street" "Street and number" address.Street [ _required ]
                    field "town" "Town" address.Town [ _required ]
                    field "doorbell" "Name at the doorbell, if it is another" (defaultArg address.Doorbell "") []
                    button [ _type "submit" ] [ str "Send it here" ]
                ]
                postButton antiforgery "/delivery/pickup" [] [ _class "quiet" ] "I pick it up"
            ]
    }

let show = withSession "web" (Handlers.page view)

let private keep (chosen: Delivery) : HttpHandler =
    updateSession "web" (Session.set delivery chosen >> Session.flash notice "Thank you, noted.")
    >=> redirectTo false "/delivery"

let pickup: HttpHandler = keep Delivery.Pickup

let post: HttpHandler =
    fun next ctx ->
        let written name =
            ctx.GetFormValue name
            |> Option.map _.Trim()
            |> Option.filter (fun text -> text <> "" && text.Length <= 100)

        match written "street", written "town" with
        | Some street, Some town ->
            keep (Delivery.Post { Street = street; Town = town; Doorbell = written "doorbell" }) next ctx
        | _ ->
            let again = updateSession "web" (Session.flash notice "An address has a street and a town.")
            (again >=> redirectTo false "/delivery") next ctx
