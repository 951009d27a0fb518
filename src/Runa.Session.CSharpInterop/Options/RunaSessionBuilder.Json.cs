using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Runa;

public sealed partial class RunaSessionBuilder
{
    /// <summary>
    /// Sets the JSON options of all values whose keys have no codec of their own: those that are strings, and
    /// <c>new SessionKey&lt;T&gt;("name")</c>. The options are used unchanged and refuse nothing: what they do not
    /// store is lost. Values that are already stored are read with them, too; one that they cannot read counts as
    /// missing. Default: the library's own options.
    /// </summary>
    /// <param name="options">The options. They become read-only.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    [RequiresUnreferencedCode("System.Text.Json by reflection needs types that trimming may remove. Use the overload with a JsonSerializerContext.")]
    [RequiresDynamicCode("System.Text.Json by reflection may need code that native AOT did not compile. Use the overload with a JsonSerializerContext.")]
    public RunaSessionBuilder SetJsonOptions(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Change(setup => SessionSetupModule.jsonOptions(options, setup));
    }

    /// <summary>
    /// Like the other, with the options of a context: <c>SetJsonOptions(ShopJson.Default)</c>. A key whose type the
    /// context does not know raises <see cref="NotSupportedException"/> at its first use.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <exception cref="ArgumentNullException">The context is null.</exception>
    public RunaSessionBuilder SetJsonOptions(JsonSerializerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Change(setup => SessionSetupModule.jsonContext(context, setup));
    }
}
