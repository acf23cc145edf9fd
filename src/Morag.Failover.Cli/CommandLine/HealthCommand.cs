using System.CommandLine;
using System.Text.Json;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// <c>morag health</c>: whether a node serves calls. It needs no token and one call only, so it suits the health check of a container
/// that has no other HTTP client.
/// </summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public static Command Build(GlobalOptions globals)
    {
        var live = new Option<bool>("--live") { Description = "Check only whether the process answers, even if it cannot serve calls" };
        var command = new Command("health", "Check whether a node serves calls; exit code 0 if it does") { live };
        command.SetAction((parsed, cancellation) => RunAsync(globals, parsed, parsed.GetValue(live), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(GlobalOptions globals, ParseResult parsed, bool live, CancellationToken cancellation)
    {
        var status = live ? "live" : "ready";
        var health = await globals.AskAnyAsync(parsed, node => AskAsync(node, status, cancellation));
        return await AnswerReading.GuardAsync(globals.Reached!, async () =>
        {
            await ShowAsync(parsed.InvocationConfiguration.Output, status, health, globals.AsJson(parsed));
            return ExitCode.Ok;
        });
    }

    private static async Task ShowAsync(TextWriter output, string status, JsonElement health, bool asJson)
    {
        if (asJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(health, Wire.Options));
            return;
        }

        await output.WriteLineAsync(status);
        if (Cell.At(health, "alerts") is { ValueKind: JsonValueKind.Object } alerts)
        {
            foreach (var alert in alerts.EnumerateObject())
            {
                await output.WriteLineAsync($"{Cell.Safe(alert.Name)} fails: {Cell.Text(alert.Value)}");
            }
        }
    }

    /// <summary>The answer of a node that has the status. A success of another server means nothing.</summary>
    private static async Task<JsonElement> AskAsync(NodeConnection node, string status, CancellationToken cancellation)
    {
        using var answer = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, $"/health/{status}"), Timeout, streamed: false, cancellation);
        return await AnswerReading.ReadAsync(answer, cancellation) is { } health
            && Cell.At(health, "status") is { ValueKind: JsonValueKind.String } known
            && known.GetRawText() == $"\"{status}\""
                ? health
                : throw new NotANode(node.Node, $"its answer to /health/{status} is not that of a node");
    }
}
