using System.Globalization;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>A node with the embedded Redis never serves incomplete data.</summary>
public sealed class EmbeddedStoreLossSpecs : IDisposable
{
    private const int FirstTasks = 5;
    private const int LaterTasks = 200;

    private readonly TestFolder folder = new();

    private string Data => Path.Combine(folder.Path, "redis", "data");

    [Fact]
    public async Task Should_refuse_to_start_until_the_loss_is_accepted_when_the_newest_checkpoint_is_missing()
    {
        await SubmitAsync("first", FirstTasks);
        await SubmitAsync("later", LaterTasks);
        await using (var node = await StartAsync())
        {
            Assert.Equal(FirstTasks + LaterTasks, (await node.Client.TasksAsync()).Count);
            Assert.Equal(0, await node.StopAsync());
        }

        new DirectoryInfo(
            Path.Combine(
                Data, "Store/checkpoints/cpr-checkpoints")).GetDirectories().MaxBy(found => found.CreationTimeUtc)!.Delete(recursive: true);

        var line = await RefusedAsync();
        Assert.StartsWith($"The data folder {Path.Combine(folder.Path, "redis")} is incomplete: ", line, StringComparison.Ordinal);
        Assert.Contains("--accept-data-loss ", line, StringComparison.Ordinal);
        await using var next = await StartAsync(line.Split(' ')[^1]);
        _ = await next.Client.TasksAsync();
    }

    [Fact]
    public async Task Should_refuse_to_start_when_the_folder_is_empty_or_holds_an_older_state()
    {
        await SubmitAsync("first", FirstTasks);
        var older = folder.Sub("older");
        Copy(Path.Combine(folder.Path, "redis"), older);
        await using (var node = await StartAsync())
        {
            foreach (var task in Tasks("later", LaterTasks))
            {
                await node.Client.SubmitAsync([task]);
            }

            await Eventually.HoldsAsync(
                () => Task.FromResult(RecordedWrites() >= LaterTasks), () => "the node has recorded the number of writes");
            Assert.Equal(0, await node.StopAsync());
        }

        Directory.Delete(Path.Combine(folder.Path, "redis"), recursive: true);
        Assert.Contains("it is empty, but it held journal", await RefusedAsync(), StringComparison.Ordinal);

        Directory.Delete(Path.Combine(folder.Path, "redis"), recursive: true);
        Copy(older, Path.Combine(folder.Path, "redis"));
        Assert.Contains("it holds an older state of journal", await RefusedAsync(), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private async Task SubmitAsync(string prefix, int count)
    {
        await using var node = await StartAsync();
        await node.Client.SubmitAsync(Tasks(prefix, count));
        Assert.Equal(0, await node.StopAsync());
    }

    private static IEnumerable<object> Tasks(string prefix, int count) => Enumerable.Range(0, count)
        .Select(number => new { task_id = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number}"), queue = "cpu_batch" });

    private Task<NodeProcess> StartAsync(string? acceptDataLoss = null) =>
        NodeProcess.StartAsync(new() { DataFolder = folder.Path, AcceptDataLoss = acceptDataLoss });

    private long RecordedWrites()
    {
        using var record = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "journal-embedded.json")));
        return record.RootElement.GetProperty("writes").GetInt64();
    }

    private async Task<string> RefusedAsync()
    {
        await using var refused = RunningProgram.Start(Programs.Node, "--data", folder.Path, "--http", "http://127.0.0.1:0");
        Assert.Equal(2, await refused.EndedAsync());
        return Assert.Single(refused.Output.Split('\n'), line => line.Contains("--accept-data-loss", StringComparison.Ordinal));
    }

    private static void Copy(string from, string to)
    {
        // A backup contains no sockets.
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/socket/", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
