using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Accepts only forms that a page of this cluster contained.</summary>
internal sealed class DashboardForms(IAntiforgery antiforgery) : IEndpointFilter
{
    /// <summary>The most bytes of a form: the largest quality settings, encoded.</summary>
    private const int MaxBytes = 64 * 1024;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxBytes;
        }

        try
        {
            await antiforgery.ValidateRequestAsync(context.HttpContext);
        }
        catch (AntiforgeryValidationException)
        {
            throw new ProblemException(Problem.OfStatus(
                StatusCodes.Status400BadRequest,
                "The form is not one of this page, or it is too old. Go back, reload the page, and try again."));
        }

        // Whoever closes the browser after sending a form has still sent it: the action is carried out, and its outcome is logged.
        context.HttpContext.RequestAborted = CancellationToken.None;
        return await next(context);
    }

    /// <summary>A number in the form of a call that has passed the filter; null if it is empty.</summary>
    /// <exception cref="ProblemException">It is no number.</exception>
    public static double? Number(HttpContext context, string name) => Field(context, name) switch
    {
        null => null,
        var text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw ProblemException.Invalid(name, "must be a number"),
    };

    /// <summary>A whole number in the form of a call that has passed the filter; null if it is empty.</summary>
    /// <exception cref="ProblemException">It is no whole number.</exception>
    public static int? WholeNumber(HttpContext context, string name) => Field(context, name) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw ProblemException.Invalid(name, "must be a whole number"),
    };

    /// <summary>The values of the ticked boxes with a name in the form of a call that has passed the filter.</summary>
    /// <exception cref="ProblemException">A value is not one of <typeparamref name="TEnum"/>.</exception>
    public static TEnum[] Ticked<TEnum>(HttpContext context, string name)
        where TEnum : struct, Enum =>
        [.. context.Request.Form[name].Select(value => Rules.Required(Rules.OptionalEnum<TEnum>(value, name), name))];

    /// <summary>A field of the form of a call that has passed the filter; null if it is empty.</summary>
    public static string? Field(HttpContext context, string name) =>
        context.Request.Form[name].ToString() is { Length: > 0 } text ? text : null;
}
