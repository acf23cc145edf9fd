using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>Responses in the JSON of the contracts.</summary>
internal static class Answer
{
    public static IResult Ok<T>(T value) => TypedResults.Json(value, ContractsJson.Options);

    /// <summary>Names parts that are missing from the answer, such as owners that are down. Several calls add to each other.</summary>
    public static void AddMissingParts(HttpContext context, IEnumerable<string> parts)
    {
        if (context.Features.Get<MissingParts>() is { } missing)
        {
            missing.Add(parts);
            return;
        }

        var headers = context.Response.Headers;
        var named = headers[ResponseHeaders.Incomplete].ToString().Split(", ", StringSplitOptions.RemoveEmptyEntries);
        string[] all = [.. named.Union(parts)];
        if (all.Length > 0)
        {
            headers[ResponseHeaders.Incomplete] = string.Join(", ", all);
        }
    }

    public static IResult Accepted<T>(T value) =>
        TypedResults.Json(value, ContractsJson.Options, statusCode: StatusCodes.Status202Accepted);

    /// <summary>
    /// One page as a bare array. If more entries follow, a <c>Link</c> header holds the address of the next page: the same call with
    /// <c>after</c> set to <paramref name="next"/>.
    /// </summary>
    public static IResult Page<T>(HttpContext context, IReadOnlyList<T> entries, string? next)
    {
        if (next is not null)
        {
            var query = context.Request.Query.Where(pair => pair.Key != "after").ToList();
            query.Add(new("after", next));
            var address = context.Request.PathBase + context.Request.Path + QueryString.Create(query);
            context.Response.Headers.Link = $"<{address}>; rel=\"next\"";
        }

        return Ok(entries);
    }
}
