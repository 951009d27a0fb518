using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ModelBinding.Validation;

namespace Runa.Session;

/// <summary>MVC's way to a <see cref="RunaSession"/> as a parameter.</summary>
internal sealed class RunaSessionModelBinder : IModelBinder
{
    public Task BindModelAsync(ModelBindingContext bindingContext)
    {
        var session = bindingContext.HttpContext.GetRunaSession(bindingContext.BinderModelName ?? RunaSessionDefaults.Name);

        // A session is no model: its properties are not walked for validation.
        bindingContext.ValidationState[session] = new ValidationStateEntry { SuppressValidation = true };
        bindingContext.Result = ModelBindingResult.Success(session);
        return Task.CompletedTask;
    }
}
