using System.Security.Claims;

namespace Shop.Model;

/// <summary>A real application looks up users and checks password hashes.</summary>
public static class Users
{
    public const string Password = "demo";

    private static readonly Dictionary<string, string> s_names = new() { ["ada"] = "Ada Lovelace", ["grace"] = "Grace Hopper" };

    /// <summary>The user's id and claims; null if name and password do not match.</summary>
    public static (string Id, IReadOnlyList<Claim> Claims)? Check(string? id, string? password) =>
        id is not null && password == Password && s_names.TryGetValue(id, out var name)
            ? (id, [new Claim(ClaimTypes.Name, name)])
            : null;
}
