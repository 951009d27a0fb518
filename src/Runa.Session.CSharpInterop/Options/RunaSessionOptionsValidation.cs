using Microsoft.Extensions.Options;

namespace Runa;

/// <summary>
/// Validates the options of one session for code that reads them. At startup the registry checks everything at once.
/// </summary>
internal sealed class RunaSessionOptionsValidation : IValidateOptions<RunaSessionOptions>
{
    public ValidateOptionsResult Validate(string? name, RunaSessionOptions options)
    {
        var session = string.IsNullOrEmpty(name) ? RunaSessionDefaults.Name : name;
        string[] undefined = [.. options.Undefined(session)];
        string[] mistakes = undefined is [] ? [.. SessionSettingsModule.mistakes(session, options.ToSettings())] : undefined;
        return mistakes is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
