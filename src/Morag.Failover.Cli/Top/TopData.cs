using System.Text.Json;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Top;

/// <summary>What <c>morag top</c> shows, as a node answered it at one time. A part that the node does not have is null.</summary>
internal sealed record TopData
{
    // Of more workers, only those that come first in the order of their ids are looked at.
    private const int MaxWorkers = 1000;
    private const int MaxIncidents = 20;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public required JsonElement? Status { get; init; }

    public required JsonElement? Fleet { get; init; }

    public required JsonElement? Queues { get; init; }

    public required JsonElement? Workers { get; init; }

    public required JsonElement? Alerts { get; init; }

    public required JsonElement? Failures { get; init; }

    /// <summary>The node that answered.</summary>
    public required Uri Node { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Asks a node.</summary>
    /// <exception cref="NodeRefused">The node rejects a call that every node has.</exception>
    /// <exception cref="NodeUnreachable">No node answers.</exception>
    public static async Task<TopData> ReadAsync(NodeConnection node, TimeProvider clock, CancellationToken cancellation)
    {
        var queues = await AskAsync("queues", isNew: false);
        return new TopData
        {
            Status = await AskAsync("cluster/status", isNew: true),
            Fleet = await AskAsync("workers/stats", isNew: false),
            Queues = queues,
            Workers = await AskAsync($"workers?limit={MaxWorkers}", isNew: false),
            Alerts = await AskAsync($"alerts?state=active&limit={MaxIncidents}", isNew: true)
                ?? await AskAsync("cluster/alerts", isNew: false),
            Failures = await AskAsync($"failures?limit={MaxIncidents}", isNew: false),
            Node = node.Node,
            At = clock.GetUtcNow(),
        };

        async Task<JsonElement?> AskAsync(string path, bool isNew)
        {
            try
            {
                using var answer = await node.SendAsync(
                    () => new HttpRequestMessage(HttpMethod.Get, "/api/v1/" + path), Timeout, streamed: false, cancellation);
                return await AnswerReading.ReadAsync(answer, cancellation);
            }
            catch (NodeRefused refused) when (isNew && refused.Problem.Status == System.Net.HttpStatusCode.NotFound)
            {
                return null;
            }
        }
    }
}
