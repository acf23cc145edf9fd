using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Cli.Agents;

/// <summary>An agent's folder, held by a lock for as long as the agent lives: two agents cannot be one worker on one machine.</summary>
internal sealed class WorkFolder : IDisposable
{
    private const int MostAgentsOfOneHost = 1000;

    private readonly FileStream held;

    private WorkFolder(string path, WorkerId worker, FileStream held)
    {
        Path = path;
        Worker = worker;
        this.held = held;
    }

    public string Path { get; }

    public WorkerId Worker { get; }

    /// <summary>
    /// The folder of the worker that was named; else of the first of this host's names (<c>host</c>, <c>host-2</c>, ...) that no
    /// running agent has, so that the same number of agents always has the same names. Throws <see cref="CommandFailure"/>.
    /// </summary>
    public static WorkFolder Take(string? workerId, string? folder)
    {
        if (workerId is not null)
        {
            return TryTake(workerId, folder)
                ?? throw CommandFailure.Usage($"another agent on this machine runs as worker {workerId}: give this one its own --worker-id");
        }

        var host = HostName();
        for (var number = 1; number <= MostAgentsOfOneHost; number++)
        {
            if (TryTake(number == 1 ? host : $"{host}-{number}", folder) is { } taken)
            {
                return taken;
            }
        }

        throw CommandFailure.Usage("too many agents run on this machine: give --worker-id");
    }

    public void Dispose() => held.Dispose();

    private static WorkFolder? TryTake(string workerId, string? folder)
    {
        if (!Identifier.IsValid(workerId))
        {
            throw CommandFailure.Usage($"worker-id: must be {Identifier.Rule}");
        }

        // A colon cannot stand in the name of a file on Windows.
        var path = System.IO.Path.Combine(folder ?? DefaultFolder(), workerId.Replace(':', '~'));
        try
        {
            _ = Directory.CreateDirectory(path);
            return new WorkFolder(
                path,
                new WorkerId(workerId),
                new FileStream(System.IO.Path.Combine(path, "agent.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException failure)
        {
            throw CommandFailure.Usage($"work-dir: {failure.Message}");
        }
        catch (IOException) when (Directory.Exists(path))
        {
            return null;
        }
        catch (IOException failure)
        {
            throw CommandFailure.Usage($"work-dir: {failure.Message}");
        }
    }

    private static string DefaultFolder()
    {
        var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return System.IO.Path.Combine(local.Length > 0 ? local : System.IO.Path.GetTempPath(), "morag", "workers");
    }

    private static string HostName()
    {
        var name = new string([.. Environment.MachineName.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_')]).TrimStart('-', '.', '_');
        return name.Length == 0 ? "worker" : name.Length > 100 ? name[..100] : name;
    }
}
