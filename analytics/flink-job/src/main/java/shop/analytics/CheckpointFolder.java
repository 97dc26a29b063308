package shop.analytics;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.types.StringValue;

/** The checkpoints of all runs of this job since Flink became the owner of the windows. */
final class CheckpointFolder {
	private final Path folder;

	/** @param url may be on any file system of the cluster, like gs:// */
	CheckpointFolder(String url) {
		folder = new Path(url);
	}

	/** @throws Refusal where it cannot be written to */
	void make() {
		try {
			if (folder.getFileSystem().mkdirs(folder)) return;
		} catch (IOException error) {
			throw new Refusal("The folder of checkpoints %s cannot be made: %s".formatted(folder, error.getMessage()));
		}
		throw new Refusal("The folder of checkpoints %s cannot be made.".formatted(folder));
	}

	/** The newest complete one: a checkpoint without metadata is not complete. */
	Optional<String> newest() throws IOException {
		List<FileStatus> found = new ArrayList<>();
		FileSystem files = folder.getFileSystem();
		for (FileStatus run : list(files, folder)) {
			addMetadata(files, run.getPath(), found);
			for (FileStatus one : list(files, run.getPath())) addMetadata(files, one.getPath(), found);
		}
		return found.stream()
				.max(Comparator.comparingLong(FileStatus::getModificationTime))
				.map(metadata -> metadata.getPath().getParent().toString());
	}

	private static void addMetadata(FileSystem files, Path folder, List<FileStatus> found) throws IOException {
		Path metadata = new Path(folder, "_metadata");
		if (folder.getName().matches("(chk-\\d+|savepoint-.*)") && files.exists(metadata))
			found.add(files.getFileStatus(metadata));
	}

	private static FileStatus[] list(FileSystem files, Path folder) throws IOException {
		if (!files.exists(folder) || !files.getFileStatus(folder).isDir()) return new FileStatus[0];
		return files.listStatus(folder);
	}

	/** How far the job had read at this checkpoint, as WindowPublisher has stored it: read without a cluster, before the job runs. */
	static ReadPositions positionsOf(String checkpoint) throws IOException {
		Path metadata = new Path(checkpoint, "_metadata");
		ClassLoader loader = CheckpointFolder.class.getClassLoader();
		try (var in = new DataInputStream(metadata.getFileSystem().open(metadata))) {
			for (var operator : Checkpoints.loadCheckpointMetadata(in, loader, checkpoint).getOperatorStates())
				for (var subtask : operator.getStates())
					for (OperatorStateHandle state : subtask.getManagedOperatorState()) {
						var stored = state.getStateNameToPartitionOffsets().get(WindowPublisher.POSITIONS);
						if (stored != null && stored.getOffsets().length > 0) return read(state, stored.getOffsets()[0]);
					}
		}
		throw new Refusal(
				"The checkpoint %s does not say how far the job has read: it is of another job. Use a new folder of checkpoints."
						.formatted(checkpoint));
	}

	private static ReadPositions read(OperatorStateHandle state, long offset) throws IOException {
		try (FSDataInputStream in = state.openInputStream()) {
			in.seek(offset);
			return ReadPositions.of(StringValue.readString(new DataInputStream(in)));
		}
	}
}
