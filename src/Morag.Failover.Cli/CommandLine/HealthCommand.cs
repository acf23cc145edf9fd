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
        using var node = globals.Connect(parsed);
        using var answer = await node.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, live ? "/health/live" : "/health/ready"), Timeout, streamed: false, cancellation);
        var (output, text) = (parsed.InvocationConfiguration.Output, await answer.Content.ReadAsStringAsync(cancellation));
        if (globals.AsJson(parsed))
        {
            await output.WriteLineAsync(text);
            return ExitCode.Ok;
        }

        await output.WriteLineAsync(live ? "live" : "ready");
        foreach (var alert in AlertsIn(text))
        {
            await output.WriteLineAsync(alert);
        }

        return ExitCode.Ok;
    }

    /// <summary>A line for each part of the state that fails although the node is ready.</summary>
    private static IEnumerable<string> AlertsIn(string answer)
    {
        var alerts = Cell.At(JsonSerializer.Deserialize<JsonElement>(answer), "alerts");
        return alerts is { ValueKind: JsonValueKind.Object } some
            ? some.EnumerateObject().Select(alert => $"{alert.Name} fails: {Cell.Text(alert.Value)}")
            : [];
    }
}
