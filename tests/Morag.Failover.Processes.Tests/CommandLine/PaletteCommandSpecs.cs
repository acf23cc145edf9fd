using System.Text.Json;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>Runs every command of every palette as a process against a real node.</summary>
public sealed class PaletteCommandSpecs(CommandLineNode node) : IClassFixture<CommandLineNode>
{
    /// <summary>Command lines with placeholders, whether their task is parked, and the pattern of their output.</summary>
    private static readonly (string Line, bool Parked, string Output)[] Commands =
    [
        ("worker list --limit 1000", false, "(?m)^ *$worker +cpu"),
        ("worker show $worker", false, "(?m)^worker +$worker$"),
        ("worker stats", false, "(?m)^total workers +[1-9]"),
        ("worker reliability $worker", true, "(?m)^failures +1$"),
        ("worker drain $worker --reason update --deadline 60.5", false, "(?m)^worker id +$worker$"),
        ("worker resume $worker", false, "(?m)^worker id +$worker$"),
        ("worker offline $worker --reason fire --yes", false, "$task +worker_offline +$worker +reassign_same_queue"),
        ("worker unregister $worker --yes", false, "(?m)^worker id +$worker$"),
        ("breaker show $worker", false, "(?m)^breaker +closed$"),
        ("breaker open $worker --reason suspicious", false, "(?m)^breaker +open$"),
        ("breaker close $worker --reason fine", false, "(?m)^breaker +closed$"),
        ("breaker reset $worker --reason fine", false, "(?m)^breaker +closed$"),
        ("queue list", false, "(?m)^ *gpu_priority +[0-9]"),
        ("queue show cpu_batch --limit 1000", false, "(?m)^ *$task +cpu_batch +leased"),
        ("queue pause gpu_fallback --reason broken", false, "(?m)^paused +broken$"),
        ("queue resume gpu_fallback --reason fixed", false, "(?m)^queue +gpu_fallback$"),
        ("queue limit gpu_fallback --per-worker 5 --reset weight --reason more", false, "(?m)^per worker +5$"),
        ("queue limits gpu_fallback", false, "(?m)^timeout, s +10800$"),
        (
            "task submit --queue gpu_priority --task-id new-$task --payload text --priority high --timeout 9.5 --max-retries 1"
            + " --content-type a/b --quality {\"a\":1} --gpu --memory-gb 1.5 --disk-gb 2 --estimated-duration 3",
            false,
            "(?m)^task +new-$task\\s+state +queued$"),
        ("task list --worker $worker --filter id:$task --sort -created", false, "(?m)^ *$task +cpu_batch +leased"),
        ("task show $task", false, "(?m)^worker +$worker$"),
        ("task explain $task", true, "processing_error on $worker, epoch $epoch"),
        ("task requeue $task --reason fixed", true, "(?m)^state +queued$"),
        ("task cancel $task --reason old --yes", false, "(?m)^state +cancelled$"),
        ("task extend $task --worker $worker --epoch $epoch --seconds 60", false, "(?m)^accepted +yes$"),
        ("task progress $task --worker $worker --epoch $epoch --percent 40 --checkpoint {\"page\":3}", false, "(?m)^stored +yes$"),
        ("task release $task --worker $worker --epoch $epoch", false, "(?m)^accepted +yes$"),
        ("task requeue-all --worker $worker --reason fixed", true, "(?m)^changed +1\\s+tasks +$task$"),
        ("task cancel-all --worker $worker --reason old --yes", false, "(?m)^changed +1\\s+tasks +$task$"),
        ("bulk requeue --filter id:$task --reason fixed --yes", true, "(?m)^changed +1\\s+tasks +$task$"),
        ("bulk cancel --filter id:$task --reason old --yes", false, "(?m)^changed +1\\s+tasks +$task$"),
        ("bulk prioritize --filter id:$task --priority high --reason urgent", false, "(?m)^changed +1\\s+tasks +$task$"),
        ("bulk move --filter id:$task --queue gpu_priority --reason full", true, "(?m)^changed +1\\s+tasks +$task$"),
        ("bulk show none-$task", false, "(?m)^changed +0$"),
        ("bulk undo none-$task --reason wrong", false, "(?m)^changed +0$"),
        ("failure list --task $task --since 1h", true, "$task +processing_error +$worker"),
        ("failure stale --task $task --worker $worker", false, "(?m)^none$"),
        ("policy show", false, "network_failure +retry_same_worker"),
        ("policy settings", false, "(?m)^max retries +3"),
        ("policy test network_failure --worker $worker --task $task --queue cpu_batch", false, "retry_same_worker"),
        ("failure statistics", true, "(?m)^total failures +[1-9]"),
        (
            "failure report $task --type network_failure --message lost --worker $worker --epoch $epoch --context {\"a\":1}",
            false,
            "retry_same_worker"),
        ("alert list --state active --severity error --component no-such --limit 1000", false, "(?m)^none$"),
        ("alert webhooks", false, "(?m)^none$"),
        ("alert settings", false, "(?m)^queue age, s +[0-9]"),
        (
            "alert set --raise-after 10 --resolve-after 60 --queue-age 900 --flapping-losses 3 --failure-rate 0.3"
            + " --failure-rate-attempts 20 --store-latency 0.5 --store-use 0.9 --off store_slow --on worker_lost --reason tuning",
            false,
            "(?m)^queue age, s +900$"),
        ("audit list --action breaker_open --since 1h --limit 1000", false, "(?m)^(none| *when +by +action)"),
        ("journal ids --limit 1000", false, "(?m)^ *worker-$worker +[1-9]"),
        ("journal events worker-$worker --from 1", false, "(?m)^ *1 +"),
        ("journal sizes --top 5", false, "(?m)^persistence ids +[1-9]"),
        ("journal verify worker-$worker", false, "(?m)^none$"),
        ("cluster nodes", false, "127.0.0.1:[0-9]+ +up +yes"),
        ("cluster show", false, "127.0.0.1:[0-9]+ .* up +yes +yes +yes +yes"),
        ("cluster status", false, "(?m)^up +1$"),
        ("cluster alerts", false, "(?m)^none$"),
        ("cluster tail --once", false, "(?m)^member  2.*  127.0.0.1:[0-9]+  up$"),
        ("cluster leave self --dry-run", false, "(?m)^next +It is the only node that is up"),
        ("cluster down self --dry-run", false, "(?m)^next +Its owners start.*needs force$"),
        ("cluster down-unreachable --dry-run", false, "(?m)^next +Nothing"),
        ("events tail --last 2000 --once --events worker,failure --worker $worker", true, "(?m)^failure  2.*  task=$task  worker=$worker"),
        ("log tail self --lines 200 --once", false, "(?m)^line  2.*  info  .*listening on"),
        ("log levels", false, "127.0.0.1:[0-9]+ +info +info"),
        ("log level self info --for 60.5 --reason riddle", false, "(?m)^level +info$"),
        ("sharding regions", false, "worker +1 +[0-9]+ +[0-9]+"),
        ("sharding stats --region queue", false, "queue +127.0.0.1:[0-9]+ +[0-9]+ +[0-9]+"),
        ("sharding entities --region worker --at self --limit 1000", false, "worker +[0-9]+ +127.0.0.1:[0-9]+ +$worker"),
        ("sharding rebalance queue --dry-run", false, "(?m)^next +Nothing"),
        ("actor hierarchy", false, "queues"),
        ("actor tree --at self --under /user", false, "node-inspector +mailbox=0"),
    ];

    private static readonly string[] ReadOnly =
    [
        "list", "show", "stats", "stale", "statistics", "reliability", "explain", "ids", "events", "sizes", "verify", "nodes", "alerts",
        "hierarchy", "limits", "status", "levels", "regions", "entities", "tree",
    ];

    public static TheoryData<string> Lines => [.. Commands.Select(command => command.Line)];

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Should_succeed_and_print_the_expected_output_when_it_is_run(string line)
    {
        var (_, parked, output) = Commands.Single(command => command.Line == line);
        var stage = await node.SetStageAsync(parked);

        var run = await node.RunAsync(line.Split(' ').Select(stage.Fill));

        Assert.True(run.ExitCode == 0, $"{run.ExitCode}: {run.Error}{run.Output}");
        Assert.Equal("", run.Error);
        Assert.Matches(stage.Fill(output), run.Output);

        // A command that only reads can be run again, with the output for scripts.
        if (ReadOnly.Contains(line.Split(' ')[1]))
        {
            var forScripts = await node.RunAsync([.. line.Split(' ').Select(stage.Fill), "--output", "json"]);
            Assert.Equal(0, forScripts.ExitCode);
            _ = JsonDocument.Parse(forScripts.Output);
        }
    }

    [Fact]
    public async Task Should_print_only_the_result_when_the_task_has_one()
    {
        var stage = await node.SetStageAsync();
        var before = await node.RunAsync("task", "result", stage.Name);
        Assert.Equal((4, "morag: there is no result yet (state: leased)"), (before.ExitCode, before.Error.Trim()));

        await node.Client.PostAsync(
            $"/tasks/{stage.Name}/complete", new { worker_id = stage.Name, epoch = stage.Epoch, result = "two\nlines" });

        var after = await node.RunAsync("task", "result", stage.Name);
        Assert.Equal((0, "two\nlines", ""), (after.ExitCode, after.Output, after.Error));
    }

    [Fact]
    public async Task Should_be_covered_when_a_palette_offers_it()
    {
        var palettes = await node.Client.GetAsync<Palette[]>("/palettes");

        Assert.Equal(
            palettes.SelectMany(palette => palette.Commands.Select(command => $"{palette.Name} {command.Name}"))
                .Order(StringComparer.Ordinal),
            Commands.Select(command => string.Join(' ', command.Line.Split(' ').Take(2)))
                .Append("task result")
                .Concat(["alert show", "alert ack", "alert unack", "alert test-webhook"]) // AlertProcessSpecs
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cancel-all", false)]
    [InlineData("requeue-all", true)]
    public async Task Should_change_nothing_and_not_ask_when_it_is_a_dry_run(string command, bool parked)
    {
        var stage = await node.SetStageAsync(parked);
        var before = await node.Client.TaskAsync(stage.Name);

        string[][] filters =
        [
            [],
            ["--queue", "cpu_batch"],
            ["--worker", stage.Name],
            ["--worker", stage.Name, "--reason", "why"],
        ];
        foreach (var filter in filters)
        {
            var run = await node.RunAsync(["task", command, "--dry-run", .. filter, "--output", "json"]);

            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            var affected = JsonDocument.Parse(run.Output).RootElement;
            Assert.True(affected.GetProperty("count").GetInt32() >= 1, run.Output);
            Assert.Contains(affected.GetProperty("sample").EnumerateArray(), task => task.GetString() == stage.Name);
        }

        Assert.Equal(
            (before.State, before.History.Length),
            ((await node.Client.TaskAsync(stage.Name)).State, (await node.Client.TaskAsync(stage.Name)).History.Length));
        var none = await node.RunAsync("task", command, "--dry-run", "--worker", "nobody");
        Assert.Matches("(?m)^would change +0$", none.Output);
    }

    [Fact]
    public async Task Should_change_only_matching_tasks_when_it_is_not_a_dry_run()
    {
        var (parked, leased) = (await node.SetStageAsync(parked: true), await node.SetStageAsync());

        var requeued = await node.RunAsync(
            "task", "requeue-all", "--worker", parked.Name, "--reason", "fixed", "--to-queue", "cpu_standard", "--quality", """{"a":1}""");
        Assert.Matches($"(?m)^changed +1\\s+tasks +{parked.Name}$", requeued.Output);
        var task = await node.Client.TaskAsync(parked.Name);
        Assert.Equal((TaskState.Queued, "cpu_standard", """{"a":1}"""), (task.State, task.Queue.Value, task.Quality.Raw));

        // Nothing is parked any more, and a leased task cannot be requeued.
        var none = await node.RunAsync("task", "requeue-all", "--worker", leased.Name, "--reason", "fixed");
        Assert.Matches("(?m)^changed +0$", none.Output);
        Assert.Equal(TaskState.Leased, (await node.Client.TaskAsync(leased.Name)).State);

        Assert.Matches(
            "(?m)^changed +1", (await node.RunAsync("task", "cancel-all", "--worker", leased.Name, "--reason", "old", "--yes")).Output);
        Assert.Equal(TaskState.Cancelled, (await node.Client.TaskAsync(leased.Name)).State);
        Assert.Equal(TaskState.Queued, (await node.Client.TaskAsync(parked.Name)).State);
    }

    [Fact]
    public async Task Should_refuse_to_cancel_when_the_filter_reason_or_confirmation_is_missing()
    {
        var stage = await node.SetStageAsync();

        var unfiltered = await node.RunAsync("task", "cancel-all", "--reason", "old", "--yes");
        Assert.Equal(1, unfiltered.ExitCode);
        Assert.Contains("filter: must set at least one of state, queue, worker", unfiltered.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await node.RunAsync("task", "cancel-all", "--worker", stage.Name, "--yes")).ExitCode);
        var unconfirmed = await node.RunAsync("task", "cancel-all", "--worker", stage.Name, "--reason", "old");
        Assert.Equal(
            (2, "morag: this command asks for confirmation. Add --yes to run it without a terminal"),
            (unconfirmed.ExitCode, unconfirmed.Error.Trim()));

        Assert.Equal(TaskState.Leased, (await node.Client.TaskAsync(stage.Name)).State);
    }

    [Fact]
    public async Task Should_say_that_nothing_will_run_when_an_ended_task_is_submitted_again()
    {
        string[] submit = ["task", "submit", "--queue", "gpu_fallback", "--task-id", "again", "--payload", "x"];
        var first = await node.RunAsync(submit);
        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        Assert.Equal(0, (await node.RunAsync("task", "cancel", "again", "--yes")).ExitCode);

        var ended = await node.RunAsync(submit);
        Assert.Equal(0, ended.ExitCode);
        Assert.Matches("(?m)^state +cancelled$", ended.Output);
        Assert.Equal(
            "Task again was submitted before and was cancelled. It does not run. Use another task_id to run the work.",
            ended.Error.Trim());

        var different = await node.RunAsync([.. submit, "--priority", "high", "--max-retries", "9"]);
        Assert.Equal(5, different.ExitCode);
        Assert.Contains("These fields differ: priority, max_retries", different.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_use_the_payload_limit_of_the_node_when_it_was_raised()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, new string('x', 400_000));
            Assert.Equal(0, (await node.RunAsync("task", "submit", "--queue", "gpu_fallback", "--payload", "@" + file)).ExitCode);

            await File.WriteAllTextAsync(file, new string('x', 600_000));
            var refused = await node.RunAsync("task", "submit", "--queue", "gpu_fallback", "--payload", "@" + file);
            Assert.Equal(2, refused.ExitCode);
            Assert.Matches("^morag: --payload is larger than 524,288 bytes", refused.Error);

            await File.WriteAllBytesAsync(file, [0xEF, 0xBB, 0xBF, .. "{\"a\":1}"u8]);
            var submitted = await node.RunAsync(
                "task", "submit", "--queue", "gpu_fallback", "--task-id", "bom", "--payload-json", "@" + file);
            Assert.Equal(0, submitted.ExitCode);
            Assert.Equal("""{"a":1}""", (await node.Client.TaskAsync("bom")).Payload.Raw);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Should_name_the_option_and_the_limit_when_a_payload_is_nested_too_deeply()
    {
        var deep = await node.RunAsync(
            "task", "submit", "--queue", "gpu_fallback", "--payload-json", new string('[', 63) + new string(']', 63));

        Assert.Equal((2, "morag: --payload-json may be nested at most 56 levels deep"), (deep.ExitCode, deep.Error.Trim()));
        var allowed = new string('[', 56) + new string(']', 56);
        var submitted = await node.RunAsync("task", "submit", "--queue", "gpu_fallback", "--task-id", "deep", "--payload-json", allowed);
        Assert.Equal(0, submitted.ExitCode);

        // Every reader wraps the payload in more levels, and can still read it.
        string[] readers =
        [
            "task show deep", "task list --queue gpu_fallback", "queue show gpu_fallback", "journal events queue-0 --limit 1000",
        ];
        foreach (var reader in readers)
        {
            Assert.Equal(0, (await node.RunAsync(reader.Split(' '))).ExitCode);
            var shown = await node.RunAsync([.. reader.Split(' '), "--output", "json"]);
            Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
            _ = JsonDocument.Parse(shown.Output);
        }
    }
}
