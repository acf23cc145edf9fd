using System.Net.Http.Json;
using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>The answer to a call.</summary>
/// <param name="Value">The answer.</param>
/// <param name="HasMore">Whether a list has more items beyond the limit.</param>
/// <param name="Missing">The parts that are missing because their owners fail; null if none.</param>
internal sealed record PaletteAnswer(JsonElement Value, bool HasMore, string? Missing);

/// <summary>Downloads the palettes of a node, and makes the calls that they define.</summary>
internal sealed class PaletteClient(NodeConnection node)
{
    public async Task<IReadOnlyList<Palette>> DownloadAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, "/api/v1/palettes"), timeout, streamed: false, cancellation);
        var content = response.Content;
        return await ReadAsync(response, () => content.ReadFromJsonAsync<List<Palette>>(ContractsJson.Options, cancellation)) ?? [];
    }

    /// <summary>Makes the call. For a paged list, it follows the pages until it has <paramref name="limit"/> items.</summary>
    public async Task<PaletteAnswer> CallAsync(PaletteCommand command, PaletteCall call, int limit, CancellationToken cancellation)
    {
        if (!command.Paged)
        {
            var (answer, _, lacking) = await PageAsync(call, cancellation);
            return new PaletteAnswer(answer, false, Named(lacking));
        }

        var items = new List<JsonElement>();
        var separator = call.PathAndQuery.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var next = call with { PathAndQuery = $"{call.PathAndQuery}{separator}limit={Math.Min(limit, CallLimits.MaxPage)}" };
        for (List<string> missing = []; ;)
        {
            var (page, following, lacking) = await PageAsync(next, cancellation);
            missing = [.. missing.Union(lacking)];
            items.AddRange(page.EnumerateArray());
            if (following is null || items.Count >= limit)
            {
                var more = following is not null || items.Count > limit;
                return new PaletteAnswer(JsonSerializer.SerializeToElement(items.Take(limit)), more, Named(missing));
            }

            next = next with { PathAndQuery = following };
        }
    }

    private static string? Named(IReadOnlyList<string> missing) => missing.Count == 0 ? null : string.Join(", ", missing);

    private async Task<(JsonElement Answer, string? Next, string[] Missing)> PageAsync(PaletteCall call, CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            call.ToRequest, NodeConnection.CallTimeout, streamed: false, cancellation, call.IsRepeatable);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        if (text.Length == 0)
        {
            return (JsonSerializer.SerializeToElement(new { done = true }), null, []);
        }

        var answer = await ReadAsync(response, () => Task.FromResult(JsonSerializer.Deserialize<JsonElement>(text)));
        string[] missing = response.Headers.TryGetValues(ResponseHeaders.Incomplete, out var parts)
            ? [.. parts.SelectMany(part => part.Split(", "))]
            : [];
        return (answer, PageLinks.Next(response), missing);
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (JsonException failure)
        {
            throw new NodeRefused(new NodeProblem(
                System.Net.HttpStatusCode.BadGateway,
                $"the server at {node.Node.GetLeftPart(UriPartial.Authority)} is not a Morag node of a compatible version "
                + $"({response.Content.Headers.ContentType}: {failure.Message})",
                null));
        }
    }
}
