using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>The agent on a full disk.</summary>
public sealed class FullDiskSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new();

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync() => await node.DisposeAsync();

    [RootFact]
    public async Task Should_continue_and_save_outcomes_again_when_the_disk_was_full_for_a_while()
    {
        using var disk = new SmallDisk();
        var folder = Directory.CreateDirectory(Path.Combine(disk.Folder, "w")).FullName;
        await using (var agent = new RunningAgent(node, "cat; cat \"$MORAG_FAILURE_FILE\" 2>/dev/null; exit 0", slots: 1, folder: folder))
        {
            await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the registration");
            disk.Fill();
            node.Offer("t-1", "1");
            node.Offer("t-2", "2");
            await Wait.UntilAsync(() => node.Outcomes.Count == 2, "two outcomes on a full disk");
            node.StatusOf = _ => 503;
            node.Offer("t-3", "kept");
            await Wait.UntilAsync(() => node.Outcomes.Count > 2, "a refused outcome");
            Assert.Contains("outcomes are kept in memory only", agent.Log, StringComparison.Ordinal);

            disk.Free();
            await Wait.UntilAsync(
                () => agent.Log.Contains("outcomes are saved in the work folder again", StringComparison.Ordinal), "the log line");
            Assert.Equal(
                1, agent.Log.Split('\n').Count(line => line.Contains("outcomes are kept in memory only", StringComparison.Ordinal)));
            await agent.AbortAsync();
        }

        node.StatusOf = _ => 200;
        var before = node.Outcomes.Count;
        await using var second = new RunningAgent(node, "cat", slots: 1, folder: folder);
        await Wait.UntilAsync(() => node.Outcomes.Count > before, "the outcome that the first run left");
        Assert.Equal("kept", (string)node.Outcomes.Last()["result"]!);
    }

    [RootFact]
    public async Task Should_blame_the_worker_when_the_command_had_no_room_for_its_failure_file()
    {
        using var disk = new SmallDisk();
        var folder = Directory.CreateDirectory(Path.Combine(disk.Folder, "w")).FullName;
        await using var agent = new RunningAgent(
            node, "echo '{\"failure_type\":\"network_failure\"}' > \"$MORAG_FAILURE_FILE\"; exit 1", slots: 1, folder: folder);
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the registration");
        disk.Fill();
        node.Offer("t-1", "1");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("worker_overloaded", (string)node.Outcomes.Single()["failure_type"]!);
        Assert.Contains("the disk of the work folder is full", (string)node.Outcomes.Single()["error_message"]!, StringComparison.Ordinal);
    }

    [RootFact]
    public void Should_report_a_full_disk_and_not_a_conflict_when_it_starts_on_one()
    {
        using var disk = new SmallDisk();
        disk.Fill();

        var failure = Assert.Throws<CommandFailure>(() => WorkFolder.Acquire("w", disk.Folder));
        Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
    }

    [RootFact]
    public void Should_start_on_a_full_disk_when_its_folder_already_exists()
    {
        using var disk = new SmallDisk();
        WorkFolder.Acquire("w", disk.Folder).Dispose();
        disk.Fill();

        using var folder = WorkFolder.Acquire("w", disk.Folder);
        Assert.Equal("w", folder.Worker.Value);
    }
}
