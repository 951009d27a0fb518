using System.Text.Json.Serialization;

namespace CSharp.Tests.Codecs;

internal sealed record Line(string Sku, int Count);

/// <summary>As applications that are compiled ahead of time have one.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(Line))]
internal sealed partial class ShopJson : JsonSerializerContext;
