using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Client.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>Follows the progress file of a command while it runs, and removes it afterwards.</summary>
internal sealed class ProgressTail : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private readonly string path;
    private readonly ProgressFile? file;
    private readonly Action<ProgressUpdate> report;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource ending = new();
    private readonly Task following;

    private ProgressTail(string path, ProgressFile? file, Action<ProgressUpdate> report, TimeProvider clock)
    {
        this.path = path;
        this.file = file;
        this.report = report;
        this.clock = clock;
        following = file is null ? Task.CompletedTask : Task.Run(FollowAsync);
    }

    /// <summary>Creates the file and follows it. If it cannot be created, the command runs without it.</summary>
    /// <param name="path">Where the file is.</param>
    /// <param name="lease">The lease, for the log.</param>
    /// <param name="report">Called with what the command reports.</param>
    /// <param name="log">The log.</param>
    /// <param name="clock">The clock.</param>
    public static ProgressTail Start(string path, LeaseKey lease, Action<ProgressUpdate> report, AgentLog log, TimeProvider clock)
    {
        var problems = new ProblemLog(log);
        ProgressFile? file = null;
        try
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            file = ProgressFile.Create(path, problem => problems.Report($"{lease}: ignoring reported progress: {problem}", "a line"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.Write($"{lease}: cannot create the progress file: {failure.Message}");
        }

        return new ProgressTail(path, file, report, clock);
    }

    /// <summary>Reports what the command wrote last, and removes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await following;
        file?.Dispose();
        _ = FailureFile.Remove(path);
        ending.Dispose();
    }

    private async Task FollowAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            Read(isLast: false);
            await Task.WhenAny(Task.Delay(PollInterval, clock, ending.Token));
        }

        Read(isLast: true);
    }

    private void Read(bool isLast)
    {
        if (file!.ReadNew(isLast) is { } update)
        {
            report(update);
        }
    }
}
