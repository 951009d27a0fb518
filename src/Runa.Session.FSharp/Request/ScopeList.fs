namespace Runa.Session

/// The scopes of a request, in the order in which they were asked for. Most requests have one.
[<Struct; NoComparison; NoEquality>]
type internal ScopeList =
    val mutable First: SessionScope | null
    // The latest first.
    val mutable More: SessionScope list

    member scopes.Add(scope: SessionScope) =
        if isNull scopes.First then
            scopes.More <- []
            scopes.First <- scope
        else
            scopes.More <- scope :: scopes.More

    member scopes.TryFind(name: string) : SessionScope | null =
        match scopes.First with
        | null -> null
        | first when first.Name = name -> first
        | _ -> scopes.More |> List.tryFind (fun scope -> scope.Name = name) |> Option.toObj

    member inline scopes.Exists([<InlineIfLambda>] holds: SessionScope -> bool) : bool =
        match scopes.First with
        | null -> false
        | first -> holds first || (not scopes.More.IsEmpty && scopes.More |> List.exists (fun scope -> holds scope))

    /// Calls the action for each, in this order. Makes no list for a single one.
    member inline scopes.Each([<InlineIfLambda>] act: SessionScope -> unit) : unit =
        match scopes.First with
        | null -> ()
        | first ->
            act first

            if not scopes.More.IsEmpty then
                scopes.More |> List.rev |> List.iter (fun scope -> act scope)

    member scopes.All: SessionScope list =
        match scopes.First with
        | null -> []
        | first -> first :: List.rev scopes.More
