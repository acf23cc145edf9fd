using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// How pages read the state. A page shows what there is within about two seconds and names what is missing, because an operator needs the
/// rest of it most while something is down.
/// </summary>
internal static class PageReads
{
    /// <summary>The longest time that a page waits for one owner.</summary>
    private static readonly TimeSpan MostForOne = TimeSpan.FromSeconds(1.5);

    /// <summary>The longest time that a page waits for all owners together.</summary>
    private static readonly TimeSpan MostForAll = TimeSpan.FromSeconds(2);

    /// <summary>Begins to read for a page: from now on, owners that are silent are left out.</summary>
    public static MissingParts Begin(HttpContext context)
    {
        var missing = new MissingParts();
        LimitPatience();
        context.Features.Set(missing);
        return missing;
    }

    /// <summary>
    /// Begins to read what several callers share, in a call of its own: it does not end with one of them. Owners that are silent are left
    /// out.
    /// </summary>
    public static (HttpContext Call, MissingParts Missing) BeginApart(FailoverGateway gateway)
    {
        CallPatience.Begin();
        var call = new DefaultHttpContext { RequestAborted = gateway.Stopping };
        return (call, Begin(call));
    }

    /// <summary>Lets the present call wait no longer than a page.</summary>
    public static void LimitPatience() => CallPatience.Limit(MostForOne, MostForAll);

    /// <summary>Lets a page that is loaded on request, and not again by itself, wait for what takes long.</summary>
    public static void BeMorePatient() => CallPatience.Limit(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20));

    /// <summary>A part of a page; null if it is not available now. Then the page names it as missing.</summary>
    /// <param name="context">The call.</param>
    /// <param name="name">What the part is.</param>
    /// <param name="reading">The part.</param>
    public static async Task<T?> Optional<T>(HttpContext context, string name, Task<T> reading)
        where T : class
    {
        try
        {
            return await reading;
        }
        catch (ProblemException refused) when (IsTolerated(context, refused))
        {
            Answer.AddMissingParts(context, [name]);
            return null;
        }
    }

    /// <summary>A page of a list, and where the next one begins; null if no owner answers.</summary>
    public static Task<(IReadOnlyList<T>? Entries, string? Next)> Optional<T>(
        HttpContext context, string name, Task<(List<T> Entries, string? Next)> reading) =>
        Optional(context, name, reading, evenIfBusy: false);

    /// <summary>
    /// A page of a list that is one part of many, and where the next one begins; null if no owner answers, or too many search already.
    /// </summary>
    public static Task<(IReadOnlyList<T>? Entries, string? Next)> OptionalEvenIfBusy<T>(
        HttpContext context, string name, Task<(List<T> Entries, string? Next)> reading) =>
        Optional(context, name, reading, evenIfBusy: true);

    private static async Task<(IReadOnlyList<T>? Entries, string? Next)> Optional<T>(
        HttpContext context, string name, Task<(List<T> Entries, string? Next)> reading, bool evenIfBusy)
    {
        try
        {
            return await reading;
        }
        catch (ProblemException refused) when (IsTolerated(context, refused)
            || (evenIfBusy && refused.Problem.Status == StatusCodes.Status429TooManyRequests))
        {
            Answer.AddMissingParts(context, [name]);
            return (null, null);
        }
    }

    // A file of a table has no place for a notice, so it is complete or refused.
    private static bool IsTolerated(HttpContext context, ProblemException refused) =>
        refused.Problem.Status == StatusCodes.Status503ServiceUnavailable && context.Features.Get<MissingParts>() is not null;
}
