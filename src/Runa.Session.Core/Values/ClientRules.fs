namespace Runa.Session

open System

/// What is kept of a client's address and agent.
module internal ClientRules =
    let addressLimit = 64
    let agentLimit = 512

    let private known (what: string) (text: string option) : string option =
        let text = text |> Option.filter (String.IsNullOrWhiteSpace >> not)
        text |> Option.iter (JsonText.checkUnicode what)
        text

    /// Without half of a surrogate pair, which no store could give back.
    let private cut (limit: int) (text: string) : string =
        if text.Length <= limit then text
        elif Char.IsHighSurrogate text[limit - 1] then text.Substring(0, limit - 1)
        else text.Substring(0, limit)

    /// None: neither is known.
    let client (address: string option) (agent: string option) : SessionClient option =
        let address = known "address" address
        // Browsers send what they like, but an address comes from the connection or a proxy that the application trusts.
        let agent = known "agent" agent |> Option.map (cut agentLimit)

        match address with
        | Some text when text.Length > addressLimit ->
            raise (
                ArgumentException(
                    $"The address of a session's client has {text.Length} characters; at most {addressLimit} are allowed. Pass an IP address, such as that of HttpContext.Connection.RemoteIpAddress.",
                    "address"
                )
            )
        | _ -> ()

        if address.IsNone && agent.IsNone then
            None
        else
            Some { Address = address; Agent = agent }
