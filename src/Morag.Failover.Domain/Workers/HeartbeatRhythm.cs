using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// The rhythm of one worker's heartbeats, learnt from the last of them, and how surprising a silence is against it: the phi-accrual
/// failure detector of Hayashibara et al. (2004), phi = -log10(P(a heartbeat comes later than now)), with a normal distribution whose
/// tail is taken from the logistic approximation that Akka and Cassandra use. Not stored: a restart learns anew.
/// </summary>
public sealed class HeartbeatRhythm
{
    private const int EnoughSamples = 5;

    private readonly float[] intervals;
    private readonly double announced;
    private int count;
    private int next;

    /// <summary>A rhythm of which only the announced interval is known.</summary>
    public HeartbeatRhythm(double announcedIntervalSeconds, int samples)
    {
        announced = announcedIntervalSeconds;
        intervals = new float[samples];
    }

    /// <summary>The mean interval between heartbeats; the announced one until enough were heard.</summary>
    public TimeSpan Mean => TimeSpan.FromSeconds(Distribution().Mean);

    /// <summary>Learns the interval between two heartbeats that followed each other.</summary>
    public void Learn(TimeSpan interval)
    {
        intervals[next] = (float)interval.TotalSeconds;
        next = (next + 1) % intervals.Length;
        count = Math.Min(count + 1, intervals.Length);
    }

    /// <summary>How surprising this silence is: 1 means one in ten, 2 one in a hundred, and so on.</summary>
    public double Phi(TimeSpan silence, WorkerSettings settings)
    {
        var (mean, deviation) = Distribution();
        var y = (silence.TotalSeconds - mean - settings.AcceptableHeartbeatPause.TotalSeconds) / Math.Max(deviation, settings.MinHeartbeatDeviation.TotalSeconds);
        return PhiOf(y);
    }

    /// <summary>The silence at which phi reaches a value.</summary>
    public TimeSpan SilenceFor(double phi, WorkerSettings settings)
    {
        var (mean, deviation) = Distribution();
        var seconds = mean
            + settings.AcceptableHeartbeatPause.TotalSeconds
            + (Math.Max(deviation, settings.MinHeartbeatDeviation.TotalSeconds) * DeviationsFor(phi));
        return TimeSpan.FromSeconds(seconds);
    }

    private static double PhiOf(double y)
    {
        var e = Math.Exp(-y * (1.5976 + (0.070566 * y * y)));
        return y > 0 ? -Math.Log10(e / (1 + e)) : -Math.Log10(1 - (1 / (1 + e)));
    }

    /// <summary>
    /// The y with <see cref="PhiOf"/>(y) = phi: y (1.5976 + 0.070566 y²) = ln(10^phi - 1), which rises with y, by Newton's method.
    /// </summary>
    private static double DeviationsFor(double phi)
    {
        var target = Math.Log(Math.Max(Math.Pow(10, phi) - 1, double.Epsilon));
        var y = 0.0;
        for (var step = 0; step < 50; step++)
        {
            var error = (y * (1.5976 + (0.070566 * y * y))) - target;
            var move = error / (1.5976 + (3 * 0.070566 * y * y));
            y -= move;
            if (Math.Abs(move) < 1e-9)
            {
                break;
            }
        }

        return y;
    }

    private (double Mean, double Deviation) Distribution()
    {
        if (count < EnoughSamples)
        {
            return (announced, announced / 4);
        }

        double sum = 0;
        double squares = 0;
        for (var i = 0; i < count; i++)
        {
            sum += intervals[i];
            squares += (double)intervals[i] * intervals[i];
        }

        var mean = sum / count;
        return (mean, Math.Sqrt(Math.Max(0, (squares / count) - (mean * mean))));
    }
}
