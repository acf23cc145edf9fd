using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>Runs the command for one task: payload in, result out, and killed with all its children when it has to end.</summary>
internal sealed class TaskProcess(AgentSettings settings, Guardian guardian, TimeProvider clock)
{
    // A child that a command left behind may hold its streams open for ever; what it writes later is not waited for.
    private static readonly TimeSpan StreamsGrace = TimeSpan.FromSeconds(1);

    // The command begins once the guardian knows of it, which the first line says: an agent that is killed in between leaves nothing.
    private const string WaitForTheFirstLine = "read -r begin && exec \"$@\"";

    private static readonly byte[] FirstLine = SessionLeader.Tool is null ? [] : "begin\n"u8.ToArray();

    private readonly string failureFolder = Directory.CreateDirectory(Path.Combine(settings.WorkFolder, "failures")).FullName;

    /// <summary>Runs the command to its end. Null where <paramref name="revoked"/> ended it: nobody waits for the outcome.</summary>
    public async Task<ProcessEnding?> RunAsync(LeasedTask task, CancellationToken timeout, CancellationToken revoked)
    {
        var started = clock.GetTimestamp();
        var failureFile = Path.Combine(failureFolder, $"{task.Epoch}-{Guid.NewGuid():N}.json");
        Process process;
        try
        {
            process = Start(task, failureFile);
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or InvalidOperationException)
        {
            return new ProcessEnding { StartError = failure.Message };
        }

        using (process)
        {
            guardian.Watch(process.Id);
            try
            {
                return await FollowAsync(process, task, failureFile, started, timeout, revoked);
            }
            finally
            {
                // Also children that the command left behind in its group: the next task must find the machine free.
                Signal(process, UnixSignals.Kill);
                guardian.Forget(process.Id);
                File.Delete(failureFile);
            }
        }
    }

    private Process Start(LeasedTask task, string failureFile)
    {
        var start = new ProcessStartInfo
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        ImmutableArray<string> words = SessionLeader.Tool is { } leader
            ? [leader, "/bin/sh", "-c", WaitForTheFirstLine, "sh", .. settings.Command]
            : settings.Command;
        start.FileName = words[0];
        foreach (var word in words.AsSpan()[1..])
        {
            start.ArgumentList.Add(word);
        }

        var environment = start.Environment;
        _ = environment.Remove("MORAG_TOKEN");
        environment["MORAG_TASK_ID"] = task.TaskId.Value;
        environment["MORAG_EPOCH"] = task.Epoch.ToString();
        environment["MORAG_QUEUE"] = task.Queue.Value;
        environment["MORAG_ATTEMPT"] = task.Attempt.ToString(CultureInfo.InvariantCulture);
        environment["MORAG_QUALITY"] = task.Quality.Raw;
        environment["MORAG_DEADLINE"] = task.Deadline.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        environment["MORAG_REMAINING_SECONDS"] = task.RemainingSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        environment["MORAG_CONTENT_TYPE"] = task.ContentType ?? "";
        environment["MORAG_WORKER_ID"] = settings.Registration.WorkerId.Value;
        environment["MORAG_FAILURE_FILE"] = failureFile;
        return Process.Start(start) ?? throw new InvalidOperationException("no process was started");
    }

    private async Task<ProcessEnding?> FollowAsync(
        Process process, LeasedTask task, string failureFile, long started, CancellationToken timeout, CancellationToken revoked)
    {
        using var tooLong = new CancellationTokenSource();
        using var streams = new CancellationTokenSource();
        var errors = new ErrorTail(settings.ExhaustionPatterns);
        var writing = WriteInputAsync(process, task, streams.Token);
        var reading = ReadOutputAsync(process, tooLong, streams.Token);
        var listening = ReadErrorsAsync(process, errors, streams.Token);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout, revoked, tooLong.Token);
        try
        {
            await process.WaitForExitAsync(ending.Token);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process);
        }

        streams.CancelAfter(StreamsGrace);
        await writing;
        var output = await reading;
        await listening;
        if (revoked.IsCancellationRequested)
        {
            return null;
        }

        return new ProcessEnding
        {
            ExitCode = process.ExitCode,
            TimedOut = timeout.IsCancellationRequested,
            Output = output,
            OutputTooLong = tooLong.IsCancellationRequested,
            ErrorTail = errors.ToString(),
            ExhaustionPattern = errors.Pattern,
            FailureFile = File.Exists(failureFile) ? await File.ReadAllTextAsync(failureFile, CancellationToken.None) : null,
            Duration = clock.GetElapsedTime(started),
        };
    }

    private async Task EndAsync(Process process)
    {
        Signal(process, UnixSignals.Terminate);
        using var grace = new CancellationTokenSource(settings.KillGrace, clock);
        try
        {
            await process.WaitForExitAsync(grace.Token);
        }
        catch (OperationCanceledException)
        {
            Signal(process, UnixSignals.Kill);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static void Signal(Process process, int signal)
    {
        if (SessionLeader.Tool is not null)
        {
            // Until setsid has run, which takes a moment, the command leads no group.
            if (!UnixSignals.SendToGroup(process.Id, signal) && !process.HasExited)
            {
                UnixSignals.Send(process.Id, signal);
            }
        }
        else if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static async Task WriteInputAsync(Process process, LeasedTask task, CancellationToken cancellation)
    {
        try
        {
            await using var input = process.StandardInput.BaseStream;
            await input.WriteAsync(FirstLine, cancellation);
            await input.WriteAsync(Payload(task), cancellation);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // A command need not read its input.
        }
    }

    private static byte[] Payload(LeasedTask task)
    {
        using var payload = task.Payload.Parse();
        return Encoding.UTF8.GetBytes(payload.RootElement.ValueKind switch
        {
            JsonValueKind.String => payload.RootElement.GetString()!,
            JsonValueKind.Null => "",
            _ => task.Payload.Raw,
        });
    }

    private static async Task<string> ReadOutputAsync(Process process, CancellationTokenSource tooLong, CancellationToken cancellation)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await process.StandardOutput.BaseStream.ReadAsync(buffer, cancellation)) > 0)
            {
                if (bytes.Length + read > OutcomeMapping.MaxResultBytes)
                {
                    await tooLong.CancelAsync();
                    break;
                }

                bytes.Write(buffer, 0, read);
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // What was written until then is what there is.
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static async Task ReadErrorsAsync(Process process, ErrorTail errors, CancellationToken cancellation)
    {
        var buffer = new char[4 * 1024];
        try
        {
            int read;
            while ((read = await process.StandardError.ReadAsync(buffer, cancellation)) > 0)
            {
                errors.Add(buffer.AsSpan(0, read));
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // As above.
        }
    }
}
