using Microsoft.Extensions.Logging;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Wire;

namespace Morag.Samples.Worker;

/// <summary>The payload: <c>{"text": "..."}</c>.</summary>
internal sealed record Document
{
    public required string Text { get; init; }

    /// <summary>How long the work takes, to try out failovers while it runs.</summary>
    public double Seconds { get; init; }
}

/// <summary>The work itself: counts the words of a document. Put your own work here.</summary>
internal sealed class WordCount(ILogger<WordCount> log) : ITaskHandler
{
    private const int Steps = 10;

    public async Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation)
    {
        log.LogInformation("{Task}: attempt {Attempt}", task.TaskId, task.Attempt);

        // A payload of another form throws, which is a processing error of the task.
        var document = task.ReadPayload<Document>();
        for (var step = 0; step < Steps; step++)
        {
            // Ends the work soon after the lease is lost.
            await Task.Delay(TimeSpan.FromSeconds(document.Seconds / Steps), cancellation);
            task.ReportProgress((step + 1.0) / Steps);
        }

        var words = document.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return JsonText.Of(new { words = words.Length, distinct = words.Distinct(StringComparer.OrdinalIgnoreCase).Count() });
    }
}
