using Microsoft.Extensions.Options;

namespace Runa.Session;

/// <summary>For whoever asks for the options of one session: at startup the registry tells everything at once.</summary>
internal sealed class RunaSessionOptionsValidation : IValidateOptions<RunaSessionOptions>
{
    public ValidateOptionsResult Validate(string? name, RunaSessionOptions options)
    {
        var session = string.IsNullOrEmpty(name) ? RunaSessionDefaults.Name : name;
        var mistakes = SettingsRules.check(session, options.ToSettings());
        return mistakes.IsEmpty ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
