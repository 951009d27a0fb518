/// What the sessions hold, and the pure steps that change them.
module Sample.Model

open System
open Runa.Session

// ---- Keys, each made once

let visits = SessionKey.create<int> "visits"
let notice = SessionKey.create<string> "notice"

/// How many of each product.
let cart = SessionKey.create<Map<string, int>> "cart"

/// In the session "admin".
let notes = SessionKey.create<string list> "notes"

// ---- Who may sign in

type User = { Id: string; Name: string }

module Users =
    let all = [ { Id = "ada"; Name = "Ada Lovelace" }; { Id = "grace"; Name = "Grace Hopper" } ]
    let password = "demo"

    /// A real application looks the user up and checks a password hash here.
    let check (name: string) (given: string) : User option =
        all |> List.tryFind (fun user -> user.Id = name.Trim().ToLowerInvariant() && given = password)

/// "Firefox on Linux", for the list of devices.
let deviceOf (userAgent: string) : string =
    let first (names: (string * string) list) otherwise =
        names
        |> List.tryFind (fun (mark, _) -> userAgent.Contains(mark, StringComparison.Ordinal))
        |> Option.map snd
        |> Option.defaultValue otherwise

    let browser =
        first
            [ "Firefox", "Firefox"; "Edg/", "Edge"; "Chrome", "Chrome"; "Safari", "Safari"; "curl", "curl" ]
            "Another browser"

    let system =
        first
            [
                "Windows", " on Windows"
                "Android", " on Android"
                "iPhone", " on iPhone"
                "Mac OS", " on macOS"
                "Linux", " on Linux"
            ]
            ""

    browser + system

/// How long "stay signed in" lasts.
let longStay = TimeSpan.FromHours 12.

/// Address and agent are personal data: they are kept for the list of devices, which only their owner sees, and end with
/// the session.
let signIn (user: User) (address: string option) (agent: string) (staysLong: bool) : Session -> Session =
    Session.signInWith user.Id (Map [ "name", [ user.Name ] ])
    >> Session.withLabel (deviceOf agent)
    >> Session.withClient address (Some agent)
    >> (if staysLong then Session.withLifetime longStay else id)
    >> Session.flash notice $"Welcome, {user.Name}."

let signOut: Session -> Session =
    Session.signOut >> Session.flash notice "You have signed out. Goodbye!"

/// The name of whoever is signed in.
let userName (session: Session) : string option =
    match Session.claims session |> Map.tryFind "name" with
    | Some(name :: _) -> Some name
    | _ -> Session.owner session

// ---- The cart

type Product = { Sku: string; Name: string; Price: decimal }

module Products =
    let all = [
        { Sku = "tea"; Name = "Tea, 100 g"; Price = 6.50m }
        { Sku = "mug"; Name = "Mug"; Price = 12.00m }
        { Sku = "honey"; Name = "Honey & lemon"; Price = 4.25m }
    ]

    let tryFind (sku: string) = all |> List.tryFind (fun product -> product.Sku = sku)

let addToCart (product: Product) : Session -> Session =
    Session.update cart Map.empty (Map.change product.Sku (fun count -> Some(1 + defaultArg count 0)))
    >> Session.flash notice $"{product.Name} is in the cart."

let takeFromCart (product: Product) : Session -> Session =
    let oneLess count = if count > 1 then Some(count - 1) else None

    Session.update cart Map.empty (Map.change product.Sku (Option.bind oneLess))
    >> Session.flash notice $"One less: {product.Name}."

/// What is in the cart, in the order of the shop.
let cartLines (session: Session) : (Product * int) list =
    let counts = Session.getOr cart Map.empty session

    Products.all
    |> List.choose (fun product -> counts |> Map.tryFind product.Sku |> Option.map (fun count -> product, count))
