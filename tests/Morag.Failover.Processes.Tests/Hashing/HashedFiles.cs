using System.Globalization;
using System.Security.Cryptography;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Hashing;

/// <summary>Files that are hashed by one task each.</summary>
internal sealed class HashedFiles
{
    private const int FileSize = 20_000;

    private readonly Dictionary<string, (string Path, string Queue, string Hash)> files = [];

    private HashedFiles()
    {
    }

    /// <summary>The ids of the tasks, in order.</summary>
    public IEnumerable<string> Tasks => files.Keys;

    public int Count => files.Count;

    /// <summary>The expected hash of a task.</summary>
    public string Hash(string task) => files[task].Hash;

    /// <summary>Writes files of random bytes: two thirds of them for the GPU queue, the others for the CPU queue.</summary>
    public static HashedFiles Create(string folder, int count)
    {
        var created = new HashedFiles();
        for (var number = 0; number < count; number++)
        {
            var content = RandomNumberGenerator.GetBytes(FileSize);
            var task = string.Create(CultureInfo.InvariantCulture, $"file-{number:000}");
            var path = Path.Combine(folder, task);
            File.WriteAllBytes(path, content);
            created.files[task] = (
                path, number % 3 == 0 ? "cpu_standard" : "gpu_priority", Convert.ToHexStringLower(SHA256.HashData(content)));
        }

        return created;
    }

    /// <summary>Submits some of the tasks in one call.</summary>
    public Task SubmitAsync(NodeClient node, Range part) => node.SubmitAsync(
        files.Take(part).Select(file => (object)new { task_id = file.Key, queue = file.Value.Queue, payload = file.Value.Path }));
}
