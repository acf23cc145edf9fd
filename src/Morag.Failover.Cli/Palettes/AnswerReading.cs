using System.Text.Json;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Reads answers of which nothing can be relied on.</summary>
internal static class AnswerReading
{
    /// <summary>The answer as JSON; null if it is none.</summary>
    public static async Task<JsonElement?> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(await AnswerText.ReadAsync(response, cancellation), Wire.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Runs what reads or prints an answer. If its content cannot be read, the command fails and says so.</summary>
    /// <exception cref="CommandFailure">The answer cannot be read.</exception>
    public static async Task<T> GuardAsync<T>(Uri node, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure) || failure is OverflowException)
        {
            throw new CommandFailure(
                ExitCode.NodeError,
                $"the answer of {node.GetLeftPart(UriPartial.Authority)} cannot be read: {failure.Message} "
                + "The node may be of another version");
        }
    }
}
