/// The endpoints of ASP.NET Core's routing; Routing.fs answers everything else.
module Sample.Endpoints

open Giraffe
open Giraffe.EndpointRouting
open Runa.Session
open Sample.Model

/// As JSON, XML or text, by the request's Accept header.
let visitsApi = readSession "web" (fun session -> negotiate (Session.getOr visits 0 session))

let all = [
    GET [ route "/delivery" DeliveryPage.show; route "/api/visits" visitsApi ]
    POST [ route "/delivery" DeliveryPage.post; route "/delivery/pickup" DeliveryPage.pickup ]
    |> applyBefore Handlers.validated
]
