using System.Text.Json;
using Morag.Failover.Cli.CommandLine;
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
    // Pages without items can follow each other, but not without end.
    private const int MaxEmptyPages = 100_000;

    /// <summary>The palettes of the node.</summary>
    /// <exception cref="NotANode">The answer is something else.</exception>
    public async Task<IReadOnlyList<Palette>> DownloadAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, "/api/v1/palettes"), timeout, streamed: false, cancellation);
        var text = await AnswerText.ReadAsync(response, cancellation);
        try
        {
            return PaletteRules.Check(JsonSerializer.Deserialize<List<Palette>>(text, ContractsJson.Options));
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            var why = failure is JsonException { Path: { Length: > 0 } path } ? $"at {path}" : failure.Message;
            var kind = response.Content.Headers.ContentType?.MediaType ?? "an answer";
            throw new NotANode(node.Node, $"{kind} without commands of a compatible version, {why}");
        }
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
        List<string> missing = [];
        var separator = call.PathAndQuery.Contains('?', StringComparison.Ordinal) ? '&' : '?';

        // One more than shown: some lists say that a page may follow when the node has not looked.
        var size = Math.Min(limit + 1, CallLimits.MaxPage);
        var next = call with { PathAndQuery = $"{call.PathAndQuery}{separator}limit={size}" };
        for (var empty = 0; ;)
        {
            var (page, following, lacking) = await PageAsync(next, cancellation);
            missing = [.. missing.Union(lacking)];
            items.AddRange(page.EnumerateArray());
            if (following is null || items.Count > limit)
            {
                return new PaletteAnswer(JsonSerializer.SerializeToElement(items.Take(limit)), items.Count > limit, Named(missing));
            }

            empty = page.GetArrayLength() == 0 ? empty + 1 : 0;
            next = empty < MaxEmptyPages && following != next.PathAndQuery
                ? next with { PathAndQuery = following }
                : throw new JsonException("The list has no end.");
        }
    }

    private static string? Named(IReadOnlyList<string> missing) => missing.Count == 0 ? null : string.Join(", ", missing);

    private async Task<(JsonElement Answer, string? Next, string[] Missing)> PageAsync(PaletteCall call, CancellationToken cancellation)
    {
        using var response = await node.SendAsync(
            call.ToRequest, NodeConnection.CallTimeout, streamed: false, cancellation, call.IsRepeatable);
        var text = await AnswerText.ReadAsync(response, cancellation);
        if (text.Length == 0)
        {
            return (JsonSerializer.SerializeToElement(new { done = true }), null, []);
        }

        var answer = JsonSerializer.Deserialize<JsonElement>(text);
        string[] missing = response.Headers.TryGetValues(ResponseHeaders.Incomplete, out var parts)
            ? [.. parts.SelectMany(part => part.Split(", "))]
            : [];
        return (answer, PageLinks.Next(response), missing);
    }
}
